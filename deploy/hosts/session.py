"""pyinfra outside its command line: one state for all hosts, each connected when first needed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyinfra.connectors.util
from gevent.lock import BoundedSemaphore
from paramiko import SSHException
from pyinfra.api import Config, Inventory, State
from pyinfra.api.exceptions import ConnectError, PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import StateHostMeta, StateHostResults, StateStage
from pyinfra.context import ctx_state

from deploy.faults import Place, recognise
from deploy.hosts.machine import Machine

CONNECT_SECONDS: Final = 5


def _never_ask(prompt: str) -> str:
    raise PyinfraError(f"sudo: a password is required ({prompt.strip()})")


pyinfra.connectors.util.getpass = _never_ask


class Session:
    """All hosts of this process."""

    def __init__(self) -> None:
        self._state = State()
        self._state.init(Inventory(([], {})), Config(CONNECT_TIMEOUT=CONNECT_SECONDS, PARALLEL=100))
        ctx_state.set(self._state)
        for stage in (StateStage.Connect, StateStage.Prepare, StateStage.Execute):
            self._state.set_stage(stage)
        self._state.is_executing = True  # from here operations are done at once
        self._machines: dict[str, Machine] = {}
        self._connecting: dict[str, BoundedSemaphore] = {}

    def machine(self, connection: Mapping[str, Any]) -> Machine:
        """The host at `connection`, connected; raises HostFault."""
        key = json.dumps(connection, sort_keys=True)
        with self._connecting.setdefault(key, BoundedSemaphore()):
            if key not in self._machines:
                self._machines[key] = self._connected(connection)
        return self._machines[key]

    def forget(self, connection: Mapping[str, Any]) -> None:
        """Connect anew the next time: the link was lost."""
        self._machines.pop(json.dumps(connection, sort_keys=True), None)

    def _connected(self, connection: Mapping[str, Any]) -> Machine:
        place = Place(connection["host"], connection["address"], connection["user"], int(connection["port"]))
        data: dict[str, str | int | None] = {
            "ssh_user": place.user,
            "ssh_key": _path(connection.get("key")),
            "ssh_known_hosts_file": _path(connection.get("known_hosts")),
            "ssh_strict_host_key_checking": "yes",
        }
        if place.port != 22:
            data["ssh_port"] = place.port
        inventory = Inventory(([(place.address, {name: value for name, value in data.items() if value})], {}))
        host = inventory.get_host(place.address)
        self._adopt(host)
        try:
            host.connect(show_errors=False, raise_exceptions=True)
        except (ConnectError, PyinfraError, SSHException, OSError, EOFError) as error:
            raise recognise(place, _causes(error)) from error
        return Machine(host, place)

    def _adopt(self, host: Host) -> None:
        """What State.init does for the hosts of its inventory: ours come one by one."""
        state = self._state
        host.inventory.state = state
        state.ops[host], state.meta[host], state.results[host] = {}, StateHostMeta(), StateHostResults()
        host.init(state)
        state.activate_host(host)


def _path(text: str | None) -> str | None:
    return str(Path(text).expanduser()) if text else None


def _causes(error: BaseException | None) -> str:
    """The text of an error and of what led to it: pyinfra keeps only the text of paramiko's, which says too little."""
    texts = []
    while error:
        causes = getattr(error, "errors", None)
        texts.append(f"{type(error).__name__} {error} {list(causes.values()) if isinstance(causes, dict) else ''}")
        error = error.__context__
    return "\n".join(reversed(texts))
