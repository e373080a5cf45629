"""A whole rollout: the lease is taken, every host notes that it began and how it ended, and the plan is executed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from deploy.errors import ForPeople
from deploy.manifest.running import generation_of
from deploy.rollout.back import Superseded
from deploy.rollout.execute import RolloutFailed, execute
from deploy.rollout.lease import Lease, held
from deploy.rollout.plan import Plan, Target
from deploy.rollout.port import UNREACHABLE, Leases, Port
from deploy.rollout.run import Run

CHANGED: Final = "nothing was activated: another rollout changed the fleet meanwhile"


class Controlled(Leases, Port, Protocol):
    """The calls of a controller; `lease_taken` gives it the token that it writes with."""

    def lease_taken(self, lease: Lease) -> None:
        """From here on every write is done under this lease."""


@dataclass(frozen=True)
class Order:
    """What is to be done and what hosts remember of it.

    `purpose` is deploy or rollback. `scope` are the hosts that grant the lease, `seen` is the highest counter known.
    `hosts` (how each is reached), `edges` and `settings` let any one host tell later how to go back.
    """

    purpose: str
    by: str
    strategy: str
    found: Target
    wanted: Target
    scope: frozenset[str]
    seen: int
    hosts: Mapping[str, Mapping[str, Any]]
    edges: tuple[str, ...]
    settings: Mapping[str, Any]


class NotNoted(ForPeople):
    """A host could not note that a rollout begins: nothing was activated."""


class Changed(ForPeople):
    """Another controller changed the fleet since the plan was made: nothing was activated."""


Look = Callable[[], Awaitable[tuple[Target, Plan]]]
"""Finds again what runs, as `Order.found` says it, and makes the plan for it; may raise that it is not to be done."""


async def conduct(
    order: Order, run: Run, port: Controlled, controller: str, utc: Callable[[], datetime], look: Look
) -> str:
    """Carry `run` out under the lease; the name of the rollout, such as r7.

    Where the lease had to be waited for, `look` tells what runs now: another plan is taken only if the same runs.
    Raises what `execute` raises; LeaseHeld, LeaseFault, Changed and NotNoted before anything was done.
    """
    async with held(port, order.scope, order.purpose, order.seen, controller, run.tell) as lease:
        port.lease_taken(lease)
        if lease.waited:
            found, plan = await look()
            if _runs(found) != _runs(order.found):
                raise Changed(f"{CHANGED}; next: threader {order.purpose}")
            order, run = replace(order, found=found), replace(run, plan=plan)
        began = await _noted(order, port, record(order, lease, "begun", None, utc()))
        if began:
            raise NotNoted(f"nothing was activated: {began}; next: threader doctor")
        try:
            await execute(run)
        except (RolloutFailed, Superseded) as error:
            verdict = "failed" if isinstance(error, RolloutFailed) else "superseded"
            await _noted(order, port, record(order, lease, verdict, str(error), utc()))
            raise
        await _noted(order, port, record(order, lease, "done", None, utc()))
        return lease.rollout


def _runs(found: Target) -> tuple[Mapping[str, Any], ...]:
    """What a plan depends on; what else is amiss with an instance may well have changed."""
    generations, arrived = (
        {name: generation_of(phrase) for name, phrase in phrases.items()}
        for phrases in (found.instances, found.arrived)
    )
    return generations, arrived, found.placement, found.ports


async def _noted(order: Order, port: Leases, line: Mapping[str, Any]) -> str | None:
    """Let all hosts note a line; what kept one from it."""
    answers = await asyncio.gather(*(port.note(host, line) for host in sorted(order.scope)))
    bad = [
        f"host {host}: {answer.reason or answer.state}"
        for host, answer in zip(sorted(order.scope), answers, strict=True)
        if answer.state in (UNREACHABLE, "failed")
    ]
    return "; ".join(bad) or None


def record(order: Order, lease: Lease, verdict: str, reason: str | None, at: datetime) -> dict[str, Any]:
    """What a host remembers of a rollout; one when it begins, one when it ends."""
    wanted = order.wanted
    return {
        "id": lease.rollout,
        "token": lease.token,
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "by": order.by,
        "purpose": order.purpose,
        "strategy": order.strategy,
        "verdict": verdict,
        "reason": reason,
        "before": {name: generation_of(phrase) for name, phrase in order.found.instances.items()},
        "instances": dict(wanted.instances),
        "placement": dict(wanted.placement),
        "ports": dict(wanted.ports),
        "hosts": {name: dict(place) for name, place in order.hosts.items()},
        "edges": list(order.edges),
        "settings": dict(order.settings),
    }
