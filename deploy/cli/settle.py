"""Before somebody goes back: a rollout that is alive is waited for, and what a dead one left unconfirmed is undone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from deploy.cli.look import Asks, script
from deploy.cli.seen import Sight, sight
from deploy.rollout.lease import PATIENCE, LeaseHeld, holder

AGAIN: Final = 2.0
UNDO_SECONDS: Final = 300
Pause = Callable[[float], Awaitable[None]]


async def settled(hosts: Asks, found: Sight, tell: Callable[[str], None], pause: Pause = asyncio.sleep) -> Sight:
    """The fleet once nobody is at work on it; raises LeaseHeld when somebody stays for longer than PATIENCE seconds."""
    waited = 0.0
    while lease := living(found):
        if waited >= PATIENCE:
            raise LeaseHeld(f"nothing was changed: {holder(lease)}; next: threader status")
        if not waited:
            tell(f"waiting, since {holder(lease)}")
        await pause(AGAIN)
        waited += AGAIN
        found = await sight(hosts, found.known)
    return await _undone(hosts, found, tell)


def living(found: Sight) -> Mapping[str, Any] | None:
    """The lease of a controller that is alive, as one of the hosts tells it."""
    leases = (snapshot.get("lease") or {} for snapshot in found.seen.snapshots.values())
    return next((lease for lease in leases if lease.get("live")), None)


async def _undone(hosts: Asks, found: Sight, tell: Callable[[str], None]) -> Sight:
    """The hosts undo it anyway when the time to confirm is over; nobody waits for that who wants to go back."""
    pending = {
        host: [name for name, each in snapshot["instances"].items() if each["pending"]]
        for host, snapshot in found.seen.snapshots.items()
    }
    left = {host: names for host, names in pending.items() if names}
    if not left:
        return found
    names = ", ".join(name for each in left.values() for name in each)
    tell(f"undoing what a rollout that is dead left unconfirmed: the switch of {names}")
    await asyncio.gather(*(_undo(hosts, found, host, names) for host, names in left.items()))
    return await sight(hosts, found.known)


async def _undo(hosts: Asks, found: Sight, host: str, names: list[str]) -> None:
    words = ["python3", "-c", script("undo.py"), *names]
    await hosts.ask(found.known.connections[host], "run", words=words, seconds=UNDO_SECONDS)
