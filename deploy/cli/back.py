"""Going back without Pulumi: the plan is made from what the hosts keep, and carried out under the lease."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.look import Asks
from deploy.cli.seen import Sight, sight
from deploy.errors import parted
from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.hosts.port import HelperPort, Times, author
from deploy.rollout.conduct import Order, conduct, ways
from deploy.rollout.execute import RolloutFailed
from deploy.rollout.history import Rollout
from deploy.rollout.home import home_plan
from deploy.rollout.lease import controller
from deploy.rollout.ledger import ROLLBACK
from deploy.rollout.plan import Limits, Plan, Target
from deploy.rollout.run import Pace, Run
from deploy.rollout.strategy import limits_of, pace_of
from deploy.rollout.survey import seen_counter, slots_of
from deploy.rollout.target import choose

FAST: Final = "all-at-once"
SKIP: Final = "skip"
CALL_SECONDS: Final = 900
"""How long one call of a helper may take; a switch that a host carries out has its own, shorter deadlines."""


@dataclass(frozen=True)
class Wish:
    """Where to go: to a release or a rollout, else so many states back; `fast` asks for no capacity meanwhile."""

    to: str | None = None
    steps: int = 1
    fast: bool = False


@dataclass(frozen=True)
class Way:
    """How it is done: the state that is meant, the plan that leads there, and the hosts that are left out."""

    wanted: Rollout
    plan: Plan
    order: Order
    skipped: Mapping[str, HostFault]


def way(found: Sight, wish: Wish) -> Way:
    """The way back; raises NoWayBack, and CliError where a host that belongs to it does not answer. Pure."""
    wanted, settings = choose(found.seen, wish.to, wish.steps), found.seen.rollouts[0].settings
    skipped = {host: fault for host, fault in found.faults.items() if host in _concerned(found, wanted)}
    if skipped and settings.get("unreachable") != SKIP:
        raise _silent(skipped)
    before, plan = _planned(found, wanted, wish, settings)
    edges = set(found.known.edges) - found.seen.silent
    scope = {step.host for step in plan.steps} | {*wanted.placement.values()} | edges
    order = Order(
        purpose=ROLLBACK,
        by=author(),
        strategy=FAST if wish.fast else str(settings.get("strategy", FAST)),
        found=before,
        wanted=_target(wanted),
        scope=frozenset(scope - found.seen.silent),
        seen=seen_counter(found.seen.snapshots.values()),
        hosts=ways(found.known.connections),
        edges=found.known.edges,
        settings=settings,
    )
    return Way(wanted, plan, order, skipped)


def _planned(found: Sight, wanted: Rollout, wish: Wish, settings: Mapping[str, Any]) -> tuple[Target, Plan]:
    before, limits = found.seen.target(wanted), Limits() if wish.fast else limits_of(settings)
    slots, edges = slots_of(found.seen.snapshots), bool(set(found.known.edges) - found.seen.silent)
    return before, home_plan(before, _target(wanted), slots, found.seen.silent, limits, edges=edges)


def _target(wanted: Rollout) -> Target:
    return Target(wanted.instances, wanted.placement, wanted.ports)


async def carry_out(hosts: Asks, found: Sight, chosen: Way, wish: Wish, tell: Callable[[str], None]) -> str:
    """Do it; the name of the rollout. Raises what `conduct` raises, CliError when it was interrupted."""
    settings = chosen.order.settings
    edges = [edge for edge in found.known.edges if edge not in found.seen.silent]
    times = replace(Times.of(settings), drain=0.0) if wish.fast else Times.of(settings)

    async def call(connection: Connection, words: Sequence[str], stdin: str = "") -> list[str]:
        more = {"stdin": stdin} if stdin else {}
        lines: list[str] = await hosts.ask(connection, "run", words=list(words), seconds=CALL_SECONDS, **more)
        return lines

    port = HelperPort(call, found.known.connections, edges, times, ROLLBACK)
    run = Run(chosen.plan, port, tell, Pace() if wish.fast else pace_of(settings))

    async def look() -> tuple[Target, Plan]:
        return _planned(await sight(hosts, found.known), chosen.wanted, wish, settings)

    with _interruptible(run):
        try:
            ending = await conduct(chosen.order, run, port, controller(), lambda: datetime.now(UTC), look)
            return ending.rollout
        except RolloutFailed as error:
            if not run.cancelled.is_set():
                raise
            raise CliError(*parted(str(error)), Code.INTERRUPTED) from error


def _concerned(found: Sight, wanted: Rollout) -> set[str]:
    """The hosts that take part: where instances are to be, where they were last said to be, and those of edges."""
    return {*wanted.placement.values(), *found.seen.rollouts[0].placement.values(), *found.known.edges}


def _silent(faults: Mapping[str, HostFault]) -> CliError:
    reasons = "; ".join(f"host {host} ({fault.place.address}): {fault.reason}" for host, fault in faults.items())
    names = ",".join(faults)
    after = f"threader doctor {' '.join(faults)}; or go back without: THREADER_LOST={names} threader rollback"
    return CliError(f"nothing was changed: {reasons}", after)


@contextmanager
def _interruptible(run: Run) -> Iterator[None]:
    """The first Ctrl-C, or SIGTERM, undoes what is not confirmed, and lets the rest go back in good order."""
    loop, undone = asyncio.get_running_loop(), list[asyncio.Future[Any]]()

    def cancel() -> None:
        if not run.cancelled.is_set():
            run.tell("interrupted: going back")
            run.cancelled.set()
            undone.append(asyncio.gather(*(run.port.undo(step) for step in run.plan.steps)))

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cancel)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
