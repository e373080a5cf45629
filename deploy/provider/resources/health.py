"""The HealthTimer resource: the timer that checks one instance, from after its first activation on."""

from typing import Final

from deploy.faults import HostFault
from deploy.manifest.found import found_manifest
from deploy.manifest.health import metrics_path, removal, schedule_path
from deploy.manifest.items import Change, Manifest
from deploy.manifest.paths import timer_name
from deploy.provider.fleet import given_up
from deploy.provider.resources.base import Resource, machine
from deploy.provider.resources.host import compared, planned_changes
from deploy.provider.values import Properties

SECTIONS: Final = ("directories", "files", "access", "links", "units")


class HealthTimerResource(Resource):
    """A timer and what its check is to do."""

    names = ("host", "connection", "lost", "metrics", *SECTIONS)
    replaces = frozenset({"host"})

    def identity(self, values: Properties) -> str:
        """The timer of an instance of that name on that machine."""
        return f"health timer {values['instance']} at {machine(values['connection'])}"

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Start the timer, or adopt it where it runs already."""
        return f"{new['host']}/{new['instance']}", await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """The timer as found."""
        if given_up(old["host"], old["lost"]):
            return old
        snapshot = await self.context.fleet.snapshot(old["connection"])
        found = found_manifest(snapshot, Manifest.of(old)).sections()
        return {**old, **{name: found[name] for name in SECTIONS}}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Change what differs; another schedule holds from now on."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Stop the timer, end what it escalated, and remove what is its own.

        Where the host does not let us, it goes with the instance: the Rollout is deleted after this, and the instances
        of all hosts after that, so a failure here would hold up the others.
        """
        instance, engine = old["instance"], self.context.engine
        if given_up(old["host"], old["lost"]):
            return engine.warn(urn, f"host {old['host']} is lost: the timer of {instance} is forgotten")
        try:
            await self.context.fleet.call(old["connection"], removal(instance, metrics_path(old["metrics"], instance)))
        except HostFault as fault:
            engine.warn(urn, f"the timer of {instance} is still there, and goes together with it: {fault.text}")
        return None

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        if new["lost"]:
            return new
        connection, fleet, wanted = new["connection"], self.context.fleet, Manifest.of(new)
        try:
            snapshot = await fleet.fresh(connection)
        except HostFault as fault:
            return self.skipped(urn, new, fault)
        found, same = found_manifest(snapshot, wanted), compared(old, new)
        changes = planned_changes(same, found, wanted)
        await fleet.apply(connection, changes, wanted.access)
        if _rescheduled(changes, new["instance"]) and found.units.get(timer_name(new["instance"])) == "active":
            await fleet.call(connection, ("systemctl", "restart", timer_name(new["instance"])))
        if same and same["metrics"] != new["metrics"]:
            await fleet.call(connection, ("rm", "-f", metrics_path(same["metrics"], new["instance"])))
        return new


def _rescheduled(changes: tuple[Change, ...], instance: str) -> bool:
    return any(change.section == "files" and change.name == schedule_path(instance) for change in changes)
