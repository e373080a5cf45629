"""The Rollout resource: which generation every instance runs. It alone starts, restarts and stops threaders."""

import asyncio
from typing import Final

from deploy.errors import ForPeople
from deploy.faults import HostFault
from deploy.manifest.running import generation_of, running
from deploy.provider.fleet import given_up
from deploy.provider.resources.base import UNVERIFIED, WITHOUT, Resource
from deploy.provider.resources.port import HelperPort
from deploy.provider.values import Properties
from deploy.rollout.execute import execute
from deploy.rollout.plan import Plan, Target, make_plan

CANCEL_SECONDS: Final = 8.0
"""How long an undo on Ctrl-C may take: CI systems kill 7 to 10 s after their first signal."""

SETTLE_SECONDS: Final = 30.0
"""How much longer than its time to be confirmed an unconfirmed switch may take to go back."""


class Unreachable(ForPeople):
    """Nothing was activated, since a host does not answer."""


class RolloutResource(Resource):
    """The activation of all instances, as one transaction."""

    names = ("instances", "placement", "hosts", "lost", "settings")

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._running: tuple[Plan, HelperPort] | None = None

    @property
    def busy(self) -> bool:
        """Whether a switch is under way."""
        return self._running is not None

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Adopt what runs as wanted, activate the rest."""
        return "rollout", await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """What every instance runs; what a host that does not answer ran last is said to be unverified."""
        phrases = await asyncio.gather(*(self._phrase(name, old) for name in old["instances"]))
        return {**old, "instances": dict(zip(old["instances"], phrases, strict=True))}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Bring every instance to its generation, or all of them back."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Touch no host: a rename of this resource must not stop the fleet; each Instance stops its own."""

    async def preview(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        """Print the plan, made from what the refresh found."""
        found = _target(old) if old else Target({}, {})
        lines = make_plan(found, _target(new), frozenset(new["lost"])).lines()
        if lines and old:
            self.context.engine.note(urn, "\n".join((f"rollout, {new['settings']['strategy']}:", *lines)))
        return new

    async def cancel(self) -> None:
        """Undo the switches that are not confirmed yet, within `CANCEL_SECONDS`; later the hosts do it themselves."""
        if self._running:
            plan, port = self._running
            undone = asyncio.gather(*(port.undo(step) for step in plan.activations))
            await asyncio.wait([undone], timeout=CANCEL_SECONDS)

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        engine, lost = self.context.engine, frozenset(new["lost"])
        connections = {**(old or new)["hosts"], **new["hosts"]}
        dead = await self._unreachable(new)
        if dead and new["settings"]["unreachable"] != "skip":
            raise Unreachable(f"nothing was activated: {'; '.join(fault.text for fault in dead.values())}; {WITHOUT}")
        await self._settled(urn, new, lost | dead.keys())
        found = await self._found(old, new, lost | dead.keys())
        plan = make_plan(found, _target(new), lost | dead.keys())
        port = HelperPort(self.context.fleet, connections, float(new["settings"]["confirm_within"]))
        self._running = plan, port
        try:
            await execute(plan, port, lambda text: engine.progress(urn, text))
        finally:
            self._running = None
        for fault in dead.values():
            engine.warn(urn, f"skipped until it answers again: {fault.text}")
        skipped = {host: fault.reason for host, fault in dead.items()}
        return {**new, "plan": list(plan.lines()), **({UNVERIFIED: str(skipped)} if skipped else {})}

    async def _phrase(self, name: str, old: Properties) -> str:
        host, last = old["placement"][name], old["instances"][name]
        if given_up(host, host in old["lost"]):
            return str(last)
        try:
            return running(name, await self.context.fleet.snapshot(old["hosts"][host]))
        except HostFault as fault:
            return f"{generation_of(last) or last} (unverified: {fault.fault.name})"

    async def _unreachable(self, new: Properties) -> dict[str, HostFault]:
        """The hosts with instances that do not answer, each with its fault."""
        hosts = sorted({host for host in new["placement"].values() if host not in new["lost"]})
        fleet = self.context.fleet
        answers = await asyncio.gather(*(fleet.fresh(new["hosts"][host]) for host in hosts), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not (isinstance(answer, HostFault) and answer.fault.contact):
                raise answer
        return {host: answer for host, answer in zip(hosts, answers, strict=True) if isinstance(answer, HostFault)}

    async def _settled(self, urn: str, new: Properties, without: frozenset[str]) -> None:
        """Wait for switches that a killed command left unconfirmed: their hosts undo them in time."""
        patience = float(new["settings"]["confirm_within"]) + SETTLE_SECONDS
        until = asyncio.get_running_loop().time() + patience
        places = {name: new["hosts"][host] for name, host in new["placement"].items() if host not in without}
        while names := [name for name, where in places.items() if await self._pending(name, where)]:
            if asyncio.get_running_loop().time() > until:
                return
            self.context.engine.progress(urn, f"waiting for an earlier switch of {', '.join(names)} to end")
            await asyncio.sleep(1)
            await asyncio.gather(*(self.context.fleet.fresh(places[name]) for name in names))

    async def _pending(self, name: str, connection: Properties) -> bool:
        found = (await self.context.fleet.snapshot(connection))["instances"].get(name)
        return bool(found and found["pending"])

    async def _found(self, old: Properties | None, new: Properties, without: frozenset[str]) -> Target:
        """What runs now on the hosts of the new placement; of the old one, what the state says."""
        found, places = (dict(old["instances"]), dict(old["placement"])) if old else ({}, {})
        for name, host in new["placement"].items():
            if host not in without and places.get(name, host) == host:
                found[name] = running(name, await self.context.fleet.snapshot(new["hosts"][host]))
                places[name] = host
        return Target(found, places)


def _target(values: Properties) -> Target:
    return Target(values["instances"], values["placement"])
