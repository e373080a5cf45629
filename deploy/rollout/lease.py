"""The lease: one controller at a time has the fleet, and one that was stopped and wakes up can not write any more.

Every host in scope grants it, in the order of their names, before anything is switched; it ends by each host's own
clock when its holder is silent. The counter is higher than any that a host has seen, so a later holder fences off an
earlier one.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from deploy.errors import ForPeople
from deploy.rollout.port import SUPERSEDED, Answer, Leases

SECONDS: Final = 45.0
"""How long a host waits for a sign of the holder: a killed deploy blocks nobody for longer than a minute."""
RENEWED: Final = 10.0
"""Seconds between two signs of the holder."""
PATIENCE: Final = 60.0
"""How long a controller waits for the lease of one that may be dead."""
AGAIN: Final = 2.0


class LeaseHeld(ForPeople):
    """Another controller is at work, and alive."""


class LeaseFault(ForPeople):
    """A host of the rollout did not grant the lease."""


@dataclass(frozen=True)
class Lease:
    """What this controller writes with: `counter` and who it is, ordered by the counter.

    `waited`: others may have changed the fleet since the highest counter was looked for.
    """

    counter: int
    controller: str
    waited: bool = False

    @property
    def token(self) -> str:
        """As hosts take it."""
        return f"{self.counter}:{self.controller}"

    @property
    def rollout(self) -> str:
        """The name of the rollout done under it."""
        return f"r{self.counter}"


def holder(lease: Mapping[str, Any]) -> str:
    """Who has the fleet for what, of a lease as a host tells it."""
    rollout = f"r{counter_of(str(lease.get('token')))}"
    return f"{lease.get('by')} has the fleet for a {lease.get('purpose')} ({rollout}) since {lease.get('since')}"


def at_work(snapshots: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a controller has the fleet, as any of the hosts says."""
    return any((snapshot.get("lease") or {}).get("live") for snapshot in snapshots)


def counter_of(token: str) -> int:
    """The counter in a token; 0 where there is none."""
    head = token.partition(":")[0]
    return int(head) if head.isdecimal() else 0


def controller() -> str:
    """A name for this controller that no other has."""
    return secrets.token_hex(4)


@asynccontextmanager
async def held(
    leases: Leases, hosts: Collection[str], purpose: str, seen: int, who: str, tell: Callable[[str], None]
) -> AsyncIterator[Lease]:
    """Take the lease on all `hosts`, renew it meanwhile, give it back; `seen` is the highest counter known so far.

    Raises LeaseHeld when another controller keeps it for longer than PATIENCE seconds, LeaseFault when a host fails.
    """
    lease = await _taken(leases, sorted(hosts), purpose, seen, who, tell)
    renewing = asyncio.create_task(_renewed(leases, sorted(hosts), purpose, lease))
    try:
        yield lease
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        await asyncio.gather(*(leases.release(host, lease.token) for host in sorted(hosts)))


async def _taken(
    leases: Leases, hosts: list[str], purpose: str, seen: int, who: str, tell: Callable[[str], None]
) -> Lease:
    clock = asyncio.get_running_loop().time
    end = clock() + PATIENCE
    lease = Lease(seen + 1, who)
    while True:
        host, answer = await _asked(leases, hosts, purpose, lease)
        if answer.state == "granted":
            return lease
        if answer.state == SUPERSEDED:
            lease = Lease(max(answer.counter, lease.counter) + 1, who, waited=True)
            continue
        # The one that gave no answer may have heard the question all the same.
        await asyncio.gather(*(leases.release(each, lease.token) for each in hosts if each <= host))
        if answer.state != "held":
            raise LeaseFault(
                f"nothing was activated: host {host}: {answer.reason or answer.state}; next: threader doctor"
            )
        if clock() >= end:
            raise LeaseHeld(f"nothing was activated: {answer.reason}, as host {host} says; next: threader status")
        tell(f"waiting, since {answer.reason}")
        lease = replace(lease, waited=True)
        await asyncio.sleep(AGAIN)


async def _asked(leases: Leases, hosts: list[str], purpose: str, lease: Lease) -> tuple[str, Answer]:
    """The first answer that is no grant, with its host; else the last grant."""
    host, answer = "", Answer("granted")
    for host in hosts:
        answer = await leases.lease(host, lease.token, purpose)
        if answer.state != "granted":
            break
    return host, answer


async def _renewed(leases: Leases, hosts: list[str], purpose: str, lease: Lease) -> None:
    """Signs of life; a host that does not hear them counts on its own clock, and fences by the counter."""
    while True:
        await asyncio.sleep(RENEWED)
        await asyncio.gather(*(leases.lease(host, lease.token, purpose) for host in hosts))
