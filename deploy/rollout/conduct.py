"""A whole rollout: the lease is taken, every host notes that it began and how it ended, and the plan is executed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from deploy.errors import ForPeople
from deploy.manifest.running import generation_of
from deploy.rollout.back import Superseded
from deploy.rollout.execute import Degraded, Held, RolloutFailed, execute
from deploy.rollout.lease import Lease, held
from deploy.rollout.plan import Plan, Target
from deploy.rollout.port import UNREACHABLE, Leases, Port
from deploy.rollout.run import Judged, Run
from deploy.rollout.story import Decision, Seen, State, Story, told

CHANGED: Final = "nothing was activated: another rollout changed the fleet meanwhile"


class Controlled(Leases, Port, Protocol):
    """The calls of a controller; `lease_taken` gives it the token that it writes with."""

    def lease_taken(self, lease: Lease) -> None:
        """From here on every write is done under this lease."""


@dataclass(frozen=True)
class Order:
    """What is to be done and what hosts remember of it.

    `purpose` is deploy or rollback. `scope` are the hosts that grant the lease, `seen` is the highest counter known.
    `hosts` (how each is reached), `edges` and `settings` let any one host tell later how to go back. With a `decision`
    it goes on with a rollout that was held, at stage `start`. `unsure` is one made while another controller was at
    work, or of what that one left. `taken` is told the lease. `herald` is told the story whenever it goes on, before
    hosts are, and gives the thread in which people are told; `thread` is one that exists.
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
    decision: Decision | None = None
    start: int = 0
    unsure: bool = False
    taken: Callable[[Lease], None] = lambda lease: None
    thread: str | None = None
    herald: Callable[[Story], Awaitable[str | None]] | None = None


@dataclass(frozen=True)
class Ending:
    """The name of a rollout, such as r7, and where and why it is held, if it is."""

    rollout: str
    held: Held | None = None


class NotNoted(ForPeople):
    """A host could not note that a rollout begins: nothing was activated."""


class Changed(ForPeople):
    """Another controller changed the fleet since the plan was made: nothing was activated."""


Look = Callable[[], Awaitable[tuple[Target, Plan]]]
"""Finds again what runs, as `Order.found` says it, and makes the plan for it; may raise that it is not to be done."""


async def conduct(
    order: Order, run: Run, port: Controlled, controller: str, utc: Callable[[], datetime], look: Look
) -> Ending:
    """Carry `run` out under the lease, until it is done or held.

    Where the lease had to be waited for, or the order is `unsure`, `look` tells what runs now: another plan is taken
    only if the same runs. Raises what `execute` raises; LeaseHeld, LeaseFault, Changed and NotNoted before anything
    was done.
    """
    async with held(port, order.scope, order.purpose, order.seen, controller, run.tell) as lease:
        port.lease_taken(lease)
        order.taken(lease)
        if lease.waited or order.unsure:
            found, plan = await look()
            if _runs(found) != _runs(order.found):
                raise Changed(f"{CHANGED}; next: threader {order.purpose}")
            order, run = replace(order, found=found), replace(run, plan=plan)
        began = await _noted(order, port, record(order, lease, "begun", None, utc()))
        if began:
            raise NotNoted(f"nothing was activated: {began}; next: threader doctor")
        chronicle = _Chronicle(order, lease, run.plan, port, utc)
        run = replace(run, reached=chronicle.reached)
        try:
            held_at = await execute(run, order.start)
        except (RolloutFailed, Superseded) as error:
            verdict = State.FAILED if isinstance(error, RolloutFailed) else State.SUPERSEDED
            await chronicle.end(verdict, str(error), degraded=isinstance(error, Degraded))
            await _noted(order, port, record(order, lease, verdict, str(error), utc()))
            raise
        verdict = State.HELD if held_at else State.DONE
        unwritten = await chronicle.end(verdict, held_at.reason if held_at else None)
        if held_at and unwritten:
            raise NotNoted(f"{lease.rollout} is held, and no host could note it: {unwritten}; next: threader deploy")
        await _noted(order, port, record(order, lease, verdict, held_at.reason if held_at else None, utc()))
        return Ending(lease.rollout, held_at)


class _Chronicle:
    """Keeps the story of a rollout on its hosts; a plan of one stage has none to tell until its end."""

    def __init__(self, order: Order, lease: Lease, plan: Plan, port: Leases, utc: Callable[[], datetime]) -> None:
        self._hosts, self._port, self._utc, self._herald = sorted(order.scope), port, utc, order.herald
        now = stamp(utc())
        self._story = Story(
            id=lease.rollout,
            token=lease.token,
            purpose=order.purpose,
            strategy=order.strategy,
            by=order.by,
            began=now,
            updated=now,
            state=State.RUNNING,
            plan=plan,
            found=order.found,
            wanted=order.wanted,
            start=order.start,
            decision=order.decision,
            settings=order.settings,
            thread=order.thread,
        )

    async def reached(self, at: int, judged: Judged | None) -> None:
        """A stage begins, or its gates have said something."""
        seen = (Seen(at, judged.next, judged.reason, judged.verdicts),) if judged else ()
        self._story = replace(self._story, at=at, seen=(*self._story.seen, *seen))
        await self._told()
        if len(self._story.plan.stages) > 1:
            await self._write()

    async def end(self, state: State, reason: str | None, *, degraded: bool = False) -> str | None:
        """It ended; why that could not be written down at any host."""
        self._story = replace(self._story, state=state, reason=reason, degraded=degraded)
        await self._told()
        return await self._write()

    async def _told(self) -> None:
        if self._herald:
            self._story = replace(self._story, thread=await self._herald(self._story))

    async def _write(self) -> str | None:
        self._story = replace(self._story, updated=stamp(self._utc()))
        line = told(self._story)
        answers = await asyncio.gather(*(self._port.story(host, line) for host in self._hosts))
        bad = [answer.reason or answer.state for answer in answers if answer.state != "written"]
        return "; ".join(bad) if len(bad) == len(answers) else None


def ways(connections: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """How hosts are reached, as other hosts note it: without what is only of this machine."""
    return {name: {key: each[key] for key in ("address", "user", "port")} for name, each in connections.items()}


def stamp(at: datetime) -> str:
    """A time as hosts note it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
        "at": stamp(at),
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
