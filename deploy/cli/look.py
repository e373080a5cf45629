"""A look at the hosts: what is there and how healthy it is, of all hosts at once, one command on each."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from deploy.faults import HostFault, recognise
from deploy.hosts.client import Connection, Hosts, place

SECONDS: Final = 60
Found = TypeVar("Found")
BOTH: Final = """printf '{}\\n' | python3 -c "$1" && python3 -c "$2" """


class Asks(Protocol):
    """What is needed of `Hosts`."""

    async def ask(self, connection: Connection, task: str, **arguments: object) -> Any:
        """Do a task on a host; raises HostFault."""

    async def close(self) -> None:
        """End."""


@dataclass(frozen=True)
class Look:
    """What was found on a host: its snapshot, and of each instance why it is unhealthy, or None."""

    snapshot: Mapping[str, Any]
    unhealthy: Mapping[str, str | None]


def open_hosts() -> Asks:
    """The real hosts; tests put others here."""
    return Hosts()


def looks(connections: Mapping[str, Connection]) -> dict[str, Look | HostFault]:
    """A look at each host, or the fault that kept us from it."""
    return on_each(connections, look)


def on_each(
    connections: Mapping[str, Connection], act: Callable[[Asks, Connection], Awaitable[Found]]
) -> dict[str, Found | HostFault]:
    """What `act` gives for each host, all at once; a host's fault stands in its own place."""
    return asyncio.run(_on_each(connections, act))


async def look(hosts: Asks, connection: Connection) -> Look:
    """Snapshot and health of one host, in one command."""
    words = ["sh", "-c", BOTH, "look", script("snapshot.py"), script("probe.py")]
    lines = await hosts.ask(connection, "run", words=words, seconds=SECONDS)
    snapshot, unhealthy = (json.loads(line) for line in lines[-2:])
    if not snapshot["systemd"]:
        raise recognise(place(connection), "no systemd")
    return Look(snapshot, unhealthy)


@cache
def script(name: str) -> str:
    """The source of a script that runs on a host."""
    return (Path(__file__).parents[1] / "hosts" / "helper" / name).read_text()


async def _on_each(
    connections: Mapping[str, Connection], act: Callable[[Asks, Connection], Awaitable[Found]]
) -> dict[str, Found | HostFault]:
    hosts = open_hosts()

    async def one(connection: Connection) -> Found | HostFault:
        try:
            return await act(hosts, connection)
        except HostFault as fault:
            return fault

    try:
        found = await asyncio.gather(*(one(connection) for connection in connections.values()))
    finally:
        await hosts.close()
    return dict(zip(connections, found, strict=True))
