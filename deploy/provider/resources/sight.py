"""What a Rollout finds on the hosts, and what it waits for there before it begins."""

import asyncio
from typing import Any, Final

from deploy.faults import HostFault
from deploy.manifest.running import NOTHING, generation_of, running
from deploy.provider.fleet import given_up
from deploy.provider.resources.base import Context
from deploy.provider.resources.survey import renamed
from deploy.provider.values import Properties
from deploy.rollout.decide import before
from deploy.rollout.lease import AGAIN, PATIENCE, at_work
from deploy.rollout.plan import Target
from deploy.rollout.story import State, Story, latest
from deploy.rollout.survey import arrivals, drained_at, ports_of

SETTLE_SECONDS: Final = 30.0
"""How much longer than its time to be confirmed an unconfirmed switch may take to go back."""


class Sight:
    """The hosts of a rollout, as they are."""

    def __init__(self, context: Context) -> None:
        self.context = context

    async def phrase(self, name: str, old: Properties, edges: dict[str, Any]) -> str:
        """What an instance runs; what a host that does not answer ran last is said to be unverified."""
        host, last = old["placement"][name], old["instances"][name]
        if given_up(host, host in old["lost"]):
            return str(last)
        try:
            snapshot = await self.context.fleet.snapshot(old["hosts"][host])
        except HostFault as fault:
            return f"{generation_of(last) or last} (unverified: {fault.fault.name})"
        return running(name, snapshot, drained_at(edges, name, host, old.get("ports", {}).get(name)))

    async def edges(self, values: Properties) -> dict[str, Any]:
        """The snapshots of the edges that answer."""
        wanted = [edge for edge in values.get("edges", ()) if not given_up(edge, edge in values["lost"])]
        return {edge: found for edge, found in (await self.reached(values)).items() if edge in wanted}

    async def reached(self, values: Properties, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The snapshots of the hosts of the rollout that answer."""
        names = {*values["placement"].values(), *values.get("edges", ())} - without
        hosts = sorted(host for host in names if not given_up(host, host in values["lost"]))
        asked = (self.context.fleet.snapshot(values["hosts"][host]) for host in hosts)
        found = await asyncio.gather(*asked, return_exceptions=True)
        return {host: each for host, each in zip(hosts, found, strict=True) if not isinstance(each, BaseException)}

    async def around(
        self, old: Properties | None, new: Properties, target: Target, without: frozenset[str]
    ) -> dict[str, Any]:
        """The snapshots of these hosts and of those of a target, which may be on hosts that are not used any more."""
        hosts = {**(old or new)["hosts"], **new["hosts"]}
        places = {*new["placement"].values(), *target.placement.values()} & hosts.keys()
        others = places - {*new["placement"].values(), *new.get("edges", ()), *without}
        asked = (self.context.fleet.fresh(hosts[host]) for host in others if not given_up(host, host in new["lost"]))
        await asyncio.gather(*asked, return_exceptions=True)
        return await self.reached({**new, "hosts": hosts, "placement": {host: host for host in places}}, without)

    async def left(
        self, old: Properties | None, new: Properties, story: Story | None, without: frozenset[str]
    ) -> Properties | None:
        """The old inputs, with what runs elsewhere since a way back brought it there: the state knows nothing of it."""
        back = story and (story.state is State.FAILED or (story.homeward and story.state is State.DONE))
        if story is None or not back:
            return old
        target = before(story)
        snapshots = await self.around(old, new, target, without)
        names = [
            name
            for name, host in target.placement.items()
            if new["placement"].get(name) != host and host in snapshots and running(name, snapshots[host]) != NOTHING
        ]
        kept = old or {"hosts": new["hosts"]}
        more = {"instances": target.instances, "placement": target.placement, "ports": target.ports}
        return {
            **kept,
            **{
                key: {**kept.get(key, {}), **{name: each[name] for name in names if name in each}}
                for key, each in more.items()
            },
        }

    async def unreachable(self, new: Properties) -> dict[str, HostFault]:
        """The hosts with instances or edges that do not answer, each with its fault."""
        names = {*new["placement"].values(), *new["edges"]}
        return await self._silent({host: new["hosts"][host] for host in names if host not in new["lost"]})

    async def left_silent(self, old: Properties | None, new: Properties) -> set[str]:
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

    async def settled(self, urn: str, old: Properties | None, new: Properties, without: frozenset[str]) -> None:
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

    async def found(self, old: Properties | None, new: Properties, without: frozenset[str]) -> Target:
        """What runs now; of hosts that can not be asked any more, what the state says.

        What runs no longer where it was, and is wanted elsewhere, is looked for there alone.
        """
        found, places = (dict(old["instances"]), renamed(old, new)) if old else ({}, {})
        ports = {name: int(port) for name, port in (old or {}).get("ports", {}).items()}
        snapshots, edges = await self.around(old, new, Target({}, places), without), await self.edges(new)
        for name, host in [*places.items()]:
            if new["placement"].get(name) != host and host in snapshots:
                ports |= ports_of(name, snapshots[host])
                found[name] = running(name, snapshots[host], drained_at(edges, name, host, ports.get(name)))
                if found[name] == NOTHING:
                    del found[name], places[name]
        for name, host in new["placement"].items():
            if host in snapshots and places.get(name, host) == host:
                ports |= ports_of(name, snapshots[host])
                drained = drained_at(edges, name, host, ports.get(name))
                found[name], places[name] = running(name, snapshots[host], drained), host
        return Target(found, places, ports, *arrivals(new["placement"], places, snapshots, edges))

    async def quiet(self, urn: str, new: Properties, without: frozenset[str]) -> Story | None:
        """The last rollout, once nobody is at work on it: a killed controller keeps its lease for a while."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            snapshots = await self.reached(new, without)
            story = latest(snapshots)
            over = story is None or story.state is not State.RUNNING or not at_work(snapshots.values())
            if over or asyncio.get_running_loop().time() > until:
                return story
            self.context.engine.progress(urn, f"waiting for {story.id if story else ''}, which is under way")
            await asyncio.sleep(AGAIN)
            await asyncio.gather(*(self.context.fleet.fresh(new["hosts"][host]) for host in snapshots))
