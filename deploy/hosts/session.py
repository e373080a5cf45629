"""pyinfra outside its command line: one state for all hosts, each connected when first needed."""

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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

CONNECT_SECONDS: Final = 5
COMMAND_SECONDS: Final = 120


def _never_ask(prompt: str) -> str:
    raise PyinfraError(f"sudo: a password is required ({prompt.strip()})")


pyinfra.connectors.util.getpass = _never_ask


@dataclass
class Machine:
    """One connected host, and what its last command said."""

    host: Host
    place: Place
    execs: int = 0
    said: list[str] = field(default_factory=list)
    artifacts: set[str] = field(default_factory=set)
    execute: Callable[..., Any] = field(init=False)

    @property
    def sudo(self) -> bool:
        """Whether commands need sudo to be root."""
        return self.place.user != "root"

    def fact(self, fact: type[Any], **arguments: object) -> Any:
        """A fact read as root."""
        self.said.clear()
        try:
            found = self.host.get_fact(
                fact, **arguments, _sudo=self.sudo, _timeout=COMMAND_SECONDS, _ignore_errors=True
            )
        except (PyinfraError, SSHException, OSError, ValueError, IndexError) as error:
            raise recognise(self.place, self._message(error)) from error
        if not found:
            raise recognise(self.place, self._message("no output"))
        return found

    def operate(self, operation: Any, *arguments: object, **more: object) -> None:
        """Do one operation as root, now."""
        self.said.clear()
        try:
            operation(*arguments, **more, _sudo=self.sudo, _timeout=COMMAND_SECONDS)
        except (PyinfraError, SSHException, OSError) as error:
            raise recognise(self.place, self._message(error)) from error

    def _message(self, error: object) -> str:
        return "\n".join(self.said) or f"{type(error).__name__} {error}"


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
        machine = Machine(host, place)
        _keep_alive(host)
        _count(machine)
        return machine

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


def _keep_alive(host: Host) -> None:
    """A cut link is noticed within 20 s, also while nothing is sent; and small commands are sent at once."""
    line = host.connector.client.get_transport().sock
    if isinstance(line, socket.socket):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000)


def _count(machine: Machine) -> None:
    """Count and log every exec of a host; what operations and facts say is kept for the error text."""
    execute, log = machine.host.run_shell_command, os.environ.get("THREADER_LOG")

    def counted(*words: Any, **more: Any) -> Any:
        begun = time.monotonic()
        status, output = execute(*words, **more)
        machine.execs += 1
        if log:
            _log(log, machine, time.monotonic() - begun, status)
        return status, output

    def kept(*words: Any, **more: Any) -> Any:
        status, output = counted(*words, **more)
        machine.said.extend(output.stderr_lines if status else [*output.stdout_lines[-5:], *output.stderr_lines])
        return status, output

    machine.execute, machine.host.run_shell_command = counted, kept


def _log(path: str, machine: Machine, seconds: float, status: bool) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
    line = f"{stamp} pid={os.getppid()} exec host={machine.place.host} seconds={seconds:.3f} ok={status}\n"
    with Path(path).open("a") as file:
        file.write(line)
