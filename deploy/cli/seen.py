"""What the hosts of a fleet remember, all of them at once; hosts that do not answer stand aside with their fault."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from deploy.cli import look
from deploy.cli.errors import CliError
from deploy.cli.known import Known, of_rollout
from deploy.cli.look import Asks
from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.provider.fleet import given_up
from deploy.rollout.history import history
from deploy.rollout.target import Seen

Found = TypeVar("Found")
ASKED: Final[Mapping[str, list[str]]] = {"paths": [], "users": [], "packages": []}


@dataclass(frozen=True)
class Sight:
    """A fleet, what was seen of it, and why the other hosts could not be asked."""

    known: Known
    seen: Seen
    faults: Mapping[str, HostFault]


async def sight(hosts: Asks, known: Known) -> Sight:
    """What all hosts remember; raises the faults of hosts that answer, and can not be asked all the same."""
    lost = {host for host in known.connections if given_up(host, host in known.lost)}
    asked = [host for host in known.connections if host not in lost]
    answers = await asyncio.gather(
        *(_snapshot(hosts, known.connections[host]) for host in asked), return_exceptions=True
    )
    faults, snapshots = dict[str, HostFault](), dict[str, Mapping[str, Any]]()
    for host, answer in zip(asked, answers, strict=True):
        if isinstance(answer, HostFault) and answer.fault.contact:
            faults[host] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            snapshots[host] = answer
    return Sight(known, Seen(snapshots, frozenset(lost | faults.keys()), known.edges), faults)


async def sight_via(hosts: Asks, via: Connection) -> Sight:
    """The same, of the fleet that one host remembers."""
    newest = next(iter(history([await _snapshot(hosts, via)])), None)
    if newest is None:
        raise CliError(f"host {via['address']} remembers no rollout", "the same command --via another host")
    return await sight(hosts, of_rollout(newest, via))


@dataclass(frozen=True)
class Contact:
    """A way to the hosts, and what runs a coroutine that goes it; between two of them the connections stay."""

    hosts: Asks
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, Found]) -> Found:
        """Wait for some work with the hosts."""
        return self.runner.run(work)


@contextmanager
def contact() -> Iterator[Contact]:
    """A way to the hosts, which ends with the context."""
    with asyncio.Runner() as runner:
        hosts = look.open_hosts()
        try:
            yield Contact(hosts, runner)
        finally:
            runner.run(hosts.close())


async def _snapshot(hosts: Asks, connection: Connection) -> Mapping[str, Any]:
    found: Mapping[str, Any] = await hosts.ask(connection, "snapshot", **ASKED)
    return found
