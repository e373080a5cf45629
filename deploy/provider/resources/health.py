"""The HealthTimer resource: the timer that checks one instance, from after its first activation on."""

from typing import Final

from deploy.faults import HostFault
from deploy.manifest.found import found_manifest
from deploy.manifest.health import metrics_path, schedule_path
from deploy.manifest.items import Change, Manifest, difference
from deploy.manifest.paths import HEALTH_DATA, HEALTH_PROBE, timer_name
from deploy.provider.fleet import given_up, removing
from deploy.provider.resources.base import Resource, machine
from deploy.provider.resources.host import compared, planned_changes
from deploy.provider.values import Properties

SECTIONS: Final = ("directories", "files", "access", "links", "units")
FORGET: Final = """
systemctl stop "alert-threader-health@$1.timer" "alert-threader-health@$1.service" "alert-threader-restart@$1.service"
systemctl reset-failed "alert-threader-health@$1.service" "alert-threader-restart@$1.service"
[ ! -x "$0" ] || "$0" forget "$1"
rm -f "$2" "$3"
"""
"""Runs before the check's settings go: nothing looks at the instance any more, and nobody is told of it any longer."""


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
        """Stop the timer, end what it escalated, and remove what is its own."""
        connection, fleet, instance = old["connection"], self.context.fleet, old["instance"]
        if given_up(old["host"], old["lost"]):
            return self.context.engine.warn(urn, f"host {old['host']} is lost: the timer of {instance} is forgotten")
        with removing():
            found = found_manifest(await fleet.fresh(connection), Manifest.of(old))
            files = (f"{HEALTH_DATA}/{instance}.json", metrics_path(old["metrics"], instance))
            await fleet.call(connection, ("sh", "-c", FORGET, HEALTH_PROBE, instance, *files))
            await fleet.apply(connection, difference(found, Manifest()), {})
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
