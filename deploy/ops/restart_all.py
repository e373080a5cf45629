"""Restart all instances, one after the other, each only when the one before is healthy and ready again.

    pyinfra deploy/inventory.py deploy/ops/restart_all.py [--data wait=60] [--data drain=10] [--limit app-1]

It is one walk through the fleet, in the order of the instances' names, whatever pyinfra does side by side otherwise. It
does not begin while any instance is unwell, and stops at the first that does not come back within `wait` s. Edges send
an instance nothing from before its stop, with `drain` s for what is in flight, until it is back. Deploys wait for the
end of it, and it does not begin during one. It restarts each time that it runs: it is not idempotent.
"""

import getpass
import json
import shlex
import socket
import time
from typing import Any

from pyinfra import inventory
from pyinfra.api import StringCommand
from pyinfra.operations import python

from deploy.errors import ForPeople
from deploy.manifest.paths import EDGE_HELPER
from deploy.ops.in_turn import Answer, Fleet, NotRestarted, Place, Times, restart
from deploy.settings.specs import EDGE_ROLE


class Hosts:
    """Calls to the hosts that pyinfra is connected to."""

    def __init__(self, hosts: dict[str, Any]) -> None:
        self._hosts = hosts

    def ask(self, host: str, *words: str) -> Answer:
        """One exec as root."""
        there = self._hosts[host]
        try:
            _, output = there.run_shell_command(StringCommand(shlex.join(words)), _sudo=bool(there.data.get("_sudo")))
        except Exception as error:  # a link may break in any way
            return {"state": "failed", "reason": f"no answer: {error}"}
        try:
            found: Answer = json.loads(output.stdout_lines[-1])
        except (IndexError, ValueError):
            return {"state": "failed", "reason": " ".join(output.stderr_lines[-3:]) or "no answer"}
        return found

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def now(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()


def fleet(hosts: dict[str, Any]) -> Fleet:
    """What the hosts have, in the order of the instances' names; an edge that has no helper yet is none."""
    places = [Place(name, host.name, server) for host in hosts.values() for name, server in host.data.servers.items()]
    edges = [name for name, host in hosts.items() if EDGE_ROLE in host.groups and _has_edge(host)]
    return Fleet(sorted(places, key=lambda place: place.instance), edges)


def _has_edge(host: Any) -> bool:
    return bool(host.run_shell_command(StringCommand("test", "-e", EDGE_HELPER))[0])


def walk(state: Any, host: Any) -> bool:
    """The whole restart; pyinfra gives `state` and `host` to a function that names them so."""
    hosts = {each.name: each for each in sorted(state.inventory.get_active_hosts(), key=lambda each: each.name)}
    times = Times(float(host.data.get("wait", Times.wait)), float(host.data.get("drain", Times.drain)))
    try:
        if state.failed_hosts:
            silent = ", ".join(sorted(each.name for each in state.failed_hosts))
            raise NotRestarted(f"nothing was restarted, since there is no contact with {silent}; next: threader doctor")
        restart(fleet(hosts), Hosts(hosts), times, f"{getpass.getuser()}@{socket.gethostname()}", print)
    except ForPeople as error:
        print(f"error: {error}")
        return False
    return True


def main() -> None:
    """Once, on behalf of all hosts."""
    names = sorted(name for host in inventory.get_active_hosts() for name in host.data.instances)
    python.call(walk, name=f"restart one after the other: {', '.join(names)}", _run_once=True)


main()
