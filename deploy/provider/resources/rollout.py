"""The Rollout resource: which generation every instance runs. It alone starts, restarts and stops threaders."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Any, Final

from deploy.errors import ForPeople
from deploy.faults import HostFault
from deploy.hosts.port import HelperPort, Times, author
from deploy.manifest.running import generation_of, running
from deploy.provider.fleet import given_up
from deploy.provider.resources.base import UNVERIFIED, WITHOUT, Resource
from deploy.provider.resources.survey import renamed
from deploy.provider.values import Properties
from deploy.rollout.conduct import Order, conduct
from deploy.rollout.lease import controller
from deploy.rollout.order import make_plan
from deploy.rollout.plan import Limits, Plan, Target
from deploy.rollout.refuse import refusals
from deploy.rollout.run import Pace, Run
from deploy.rollout.survey import arrivals, drained_at, ports_of, rejections, seen_counter

CANCEL_SECONDS: Final = 8.0
"""How long an undo on Ctrl-C may take: CI systems kill 7 to 10 s after their first signal."""

SETTLE_SECONDS: Final = 30.0
"""How much longer than its time to be confirmed an unconfirmed switch may take to go back."""


class Unreachable(ForPeople):
    """Nothing was activated, since a host does not answer."""


class Rejected(ForPeople):
    """What is wanted was rolled back already."""


class RolloutResource(Resource):
    """The activation of all instances, as one transaction."""

    names = ("instances", "placement", "ports", "hosts", "edges", "lost")

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._running: Run | None = None

    @property
    def busy(self) -> bool:
        """Whether a switch is under way."""
        return self._running is not None

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Adopt what runs as wanted, activate the rest."""
        return "rollout", await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """What every instance runs; what a host that does not answer ran last is said to be unverified."""
        edges = await self._edges(old)
        phrases = await asyncio.gather(*(self._phrase(name, old, edges) for name in old["instances"]))
        found = dict(zip(old["instances"], phrases, strict=True))
        return {**old, "instances": found, "rejected": rejections(await self._reached(old))}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Bring every instance to its generation, or all of them back."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Touch no host: a rename of this resource must not stop the fleet; each Instance stops its own."""

    async def preview(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        """Print the plan, made from what the refresh found, and what of it will be refused."""
        if old:
            plan = make_plan(
                _target({**old, "placement": renamed(old, new)}), _target(new), frozenset(new["lost"]), _limits(new)
            )
            if plan.batches:
                lines = (f"rollout, {new['settings']['strategy']}:", *plan.lines())
                self.context.engine.note(urn, "\n".join(lines))
            for refusal in _refused(plan, old.get("rejected", {})):
                self.context.engine.warn(urn, refusal)
        return new

    async def cancel(self) -> None:
        """Undo the switches that are not confirmed yet, within `CANCEL_SECONDS`; later the hosts do it themselves."""
        run = self._running
        if run:
            run.cancelled.set()
            undone = asyncio.gather(*(run.port.undo(step) for step in run.plan.steps))
            await asyncio.wait([undone], timeout=CANCEL_SECONDS)

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        engine, lost = self.context.engine, frozenset(new["lost"])
        dead = await self._unreachable(new)
        if dead and new["settings"]["unreachable"] != "skip":
            raise Unreachable(f"nothing was activated: {'; '.join(fault.text for fault in dead.values())}; {WITHOUT}")
        without = lost | dead.keys() | await self._left_silent(old, new)
        await self._settled(urn, old, new, without)
        found = await self._found(old, new, without)
        plan = make_plan(found, _target(new), without, _limits(new))
        if plan.batches:
            await self._conduct(urn, old, new, found, plan, without)
        for fault in dead.values():
            engine.warn(urn, f"skipped until it answers again: {fault.text}")
        skipped = {host: fault.reason for host, fault in dead.items()}
        rejected = rejections(await self._reached(new, without))
        outputs = {**new, "plan": list(plan.lines()), "rejected": rejected}
        return {**outputs, **({UNVERIFIED: str(skipped)} if skipped else {})}

    async def _conduct(
        self, urn: str, old: Properties | None, new: Properties, found: Target, plan: Plan, without: frozenset[str]
    ) -> None:
        snapshots = await self._reached(new, without)
        _allowed(plan, rejections(snapshots))
        connections, settings = {**(old or new)["hosts"], **new["hosts"]}, new["settings"]
        edges = tuple(edge for edge in new["edges"] if edge not in without)
        times = Times(settings["confirm_within"], settings["drain"], settings["deadline"])
        port = HelperPort(self.context.fleet.call, connections, edges, times, "deploy")
        scope = {step.host for step in plan.steps} | {*new["placement"].values(), *edges}
        order = Order(
            purpose="deploy",
            by=author(),
            strategy=settings["strategy"],
            found=found,
            wanted=_target(new),
            scope=frozenset(scope - without),
            seen=seen_counter(snapshots.values()),
            hosts={
                name: {key: each[key] for key in ("address", "user", "port")} for name, each in new["hosts"].items()
            },
            edges=tuple(new["edges"]),
            settings=settings,
        )
        pace = Pace(_number(settings["max_unavailable"]), settings["wait"], settings["progress_deadline"])
        run = Run(plan, port, lambda text: self.context.engine.progress(urn, text), pace)

        async def look() -> tuple[Target, Plan]:
            await self._unreachable(new)
            await self._settled(urn, old, new, without)
            again = await self._found(old, new, without)
            told = rejections(await self._reached(new, without))
            return again, _allowed(make_plan(again, _target(new), without, _limits(new)), told)

        self._running = run
        try:
            await conduct(order, run, port, controller(), lambda: datetime.now(UTC), look)
        finally:
            self._running = None

    async def _phrase(self, name: str, old: Properties, edges: dict[str, Any]) -> str:
        host, last = old["placement"][name], old["instances"][name]
        if given_up(host, host in old["lost"]):
            return str(last)
        try:
            snapshot = await self.context.fleet.snapshot(old["hosts"][host])
        except HostFault as fault:
            return f"{generation_of(last) or last} (unverified: {fault.fault.name})"
        return running(name, snapshot, drained_at(edges, name, host, old.get("ports", {}).get(name)))

    async def _edges(self, values: Properties) -> dict[str, Any]:
        """The snapshots of the edges that answer."""
        wanted = [edge for edge in values.get("edges", ()) if not given_up(edge, edge in values["lost"])]
        return {edge: found for edge, found in (await self._reached(values)).items() if edge in wanted}

    async def _reached(self, values: Properties, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The snapshots of the hosts of the rollout that answer."""
        names = {*values["placement"].values(), *values.get("edges", ())} - without
        hosts = sorted(host for host in names if not given_up(host, host in values["lost"]))
        asked = (self.context.fleet.snapshot(values["hosts"][host]) for host in hosts)
        found = await asyncio.gather(*asked, return_exceptions=True)
        return {host: each for host, each in zip(hosts, found, strict=True) if not isinstance(each, BaseException)}

    async def _unreachable(self, new: Properties) -> dict[str, HostFault]:
        """The hosts with instances or edges that do not answer, each with its fault."""
        names = {*new["placement"].values(), *new["edges"]}
        return await self._silent({host: new["hosts"][host] for host in names if host not in new["lost"]})

    async def _left_silent(self, old: Properties | None, new: Properties) -> set[str]:
        """Hosts that instances leave and that do not answer: each Instance asks how to give such a host up."""
        places = {*renamed(old, new).values()} - {*new["placement"].values(), *new["edges"]} if old else set()
        connections = {host: {**(old or new)["hosts"], **new["hosts"]}[host] for host in places}
        asked = {host: each for host, each in connections.items() if not given_up(host, host in new["lost"])}
        return {*connections} - asked.keys() | (await self._silent(asked)).keys()

    async def _silent(self, connections: Properties) -> dict[str, HostFault]:
        """Those of the hosts that do not answer; another fault is raised."""
        hosts, fleet = sorted(connections), self.context.fleet
        answers = await asyncio.gather(*(fleet.fresh(connections[host]) for host in hosts), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not (isinstance(answer, HostFault) and answer.fault.contact):
                raise answer
        return {host: answer for host, answer in zip(hosts, answers, strict=True) if isinstance(answer, HostFault)}

    async def _settled(self, urn: str, old: Properties | None, new: Properties, without: frozenset[str]) -> None:
        """Wait for switches that a killed command left unconfirmed, also where it moved from: in time they go back."""
        patience = float(new["settings"]["confirm_within"]) + SETTLE_SECONDS
        until = asyncio.get_running_loop().time() + patience
        connections = {**(old or new)["hosts"], **new["hosts"]}
        pairs = {pair for each in (old or new, new) for pair in each["placement"].items() if pair[1] not in without}
        places = [(name, connections[host]) for name, host in sorted(pairs)]
        while left := [(name, where) for name, where in places if await self._pending(name, where)]:
            if asyncio.get_running_loop().time() > until:
                return
            names = ", ".join(sorted({name for name, _ in left}))
            self.context.engine.progress(urn, f"waiting for an earlier switch of {names} to end")
            await asyncio.sleep(1)
            await asyncio.gather(*(self.context.fleet.fresh(where) for _, where in left), return_exceptions=True)

    async def _pending(self, name: str, connection: Properties) -> bool:
        try:
            found = (await self.context.fleet.snapshot(connection))["instances"].get(name)
        except HostFault:
            return False
        return bool(found and found["pending"])

    async def _found(self, old: Properties | None, new: Properties, without: frozenset[str]) -> Target:
        """What runs now on the hosts of the new placement; of the old one, what the state says."""
        snapshots, edges = await self._reached(new, without), await self._edges(new)
        found, places = (dict(old["instances"]), renamed(old, new)) if old else ({}, {})
        ports = {name: int(port) for name, port in (old or {}).get("ports", {}).items()}
        for name, host in new["placement"].items():
            if host in snapshots and places.get(name, host) == host:
                ports |= ports_of(name, snapshots[host])
                drained = drained_at(edges, name, host, ports.get(name))
                found[name], places[name] = running(name, snapshots[host], drained), host
        return Target(found, places, ports, *arrivals(new["placement"], places, snapshots, edges))


def _target(values: Properties) -> Target:
    ports = {name: int(port) for name, port in values.get("ports", {}).items()}
    return Target(values["instances"], values["placement"], ports)


def _allowed(plan: Plan, rejected: dict[str, dict[str, str]]) -> Plan:
    """The same plan; raises Rejected when it would try again what was rolled back."""
    refused = _refused(plan, rejected)
    if refused:
        raise Rejected("\n".join(refused))
    return plan


def _number(value: float | None) -> int | None:
    return None if value is None else int(value)


def _limits(new: Properties) -> Limits:
    """All at once knows no limits but the order."""
    settings = new["settings"]
    return Limits(_number(settings["batch"]), _number(settings["max_unavailable"]), tuple(settings["order"]))


def _refused(plan: Plan, rejected: dict[str, dict[str, str]]) -> list[str]:
    """Nothing is refused when the operator said to try again."""
    return [] if os.environ.get("THREADER_RETRY") == "1" else refusals(plan, rejected)
