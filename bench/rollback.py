"""Going back, timed: what a rollback does from its lease to the last word of a host, over standing connections."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from deploy.hosts.client import Hosts
from deploy.hosts.port import HelperPort, Times, author
from deploy.manifest.running import generation_of, running
from deploy.provider.fleet import Fleet
from deploy.rollout.conduct import Order, conduct
from deploy.rollout.lease import controller
from deploy.rollout.order import make_plan
from deploy.rollout.plan import Limits, Plan, Target
from deploy.rollout.run import Pace, Run
from deploy.rollout.survey import seen_counter

TIMES: Final = Times(confirm_within=30.0, drain=0.0, deadline=30.0)


@dataclass(frozen=True)
class Wanted:
    """All instances as the stack knows them: hosts, ports, how hosts are reached; and where to go."""

    instances: Mapping[str, str]
    placement: Mapping[str, str]
    ports: Mapping[str, int]
    connections: Mapping[str, Mapping[str, Any]]


def seconds(wanted: Wanted, limits: Limits, pace: Pace) -> float:
    """How long it takes to bring all instances to what is wanted, and back again: the longer of both."""
    return asyncio.run(_back_and_forth(wanted, limits, pace))


async def _back_and_forth(wanted: Wanted, limits: Limits, pace: Pace) -> float:
    hosts = Hosts()
    fleet = Fleet(hosts)
    try:
        before = await _found(fleet, wanted)
        there = await _once(fleet, wanted, before, wanted.instances, limits, pace)
        back = {name: str(generation_of(phrase)) for name, phrase in before.items()}
        return max(there, await _once(fleet, wanted, await _found(fleet, wanted), back, limits, pace))
    finally:
        await hosts.close()


async def _found(fleet: Fleet, wanted: Wanted) -> dict[str, str]:
    snapshots = {host: await fleet.fresh(each) for host, each in wanted.connections.items()}
    return {name: running(name, snapshots[host]) for name, host in wanted.placement.items()}


async def _once(
    fleet: Fleet, wanted: Wanted, before: Mapping[str, str], after: Mapping[str, str], limits: Limits, pace: Pace
) -> float:
    snapshots = [await fleet.snapshot(each) for each in wanted.connections.values()]  # the connections stand
    found = Target(before, wanted.placement, wanted.ports)
    target = Target(after, wanted.placement, wanted.ports)
    begun = time.monotonic()
    port = HelperPort(fleet.call, wanted.connections, (), TIMES, "rollback")
    order = Order(
        purpose="rollback",
        by=author(),
        strategy="bench",
        found=found,
        wanted=target,
        scope=frozenset(wanted.placement.values()),
        seen=seen_counter(snapshots),
        hosts={},
        edges=(),
        settings={},
    )
    plan = make_plan(found, target, limits=limits)
    run = Run(plan, port, pace=pace)

    async def look() -> tuple[Target, Plan]:
        return found, plan

    await conduct(order, run, port, controller(), lambda: datetime.now(UTC), look)
    return time.monotonic() - begun
