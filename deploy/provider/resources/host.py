"""The Host resource: what all instances of a host share."""

from collections.abc import Mapping

from deploy.faults import HostFault
from deploy.manifest.found import found_manifest
from deploy.manifest.items import Change, Manifest, difference
from deploy.manifest.monitoring.part import HIDDEN
from deploy.manifest.paths import LEFT_BY_HELPERS
from deploy.provider.fleet import given_up, removing
from deploy.provider.resources.base import Resource, machine
from deploy.provider.values import Properties, Secret


class HostResource(Resource):
    """Base files, folders and the service user of one host."""

    names = ("connection", "lost", "users", "packages", "directories", "files", "access", "links")

    def identity(self, values: Properties) -> str:
        """The machine."""
        return f"host at {machine(values['connection'])}"

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Converge a host that may have nothing, something or everything already."""
        return new["connection"]["host"], await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """The manifest as found."""
        if given_up(old["connection"]["host"], old["lost"]):
            return old
        snapshot = await self.context.fleet.snapshot(old["connection"])
        found = found_manifest(snapshot, Manifest.of(old)).sections()
        return {**old, **found, "files": hidden(found["files"], found["access"], old["files"])}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Change what the preview showed."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Remove what is ours and what nobody else uses."""
        connection, fleet = old["connection"], self.context.fleet
        if given_up(connection["host"], old["lost"]):
            return self.context.engine.warn(urn, f"host {connection['host']} is lost: forgotten without contact")
        with removing():
            found = found_manifest(await fleet.fresh(connection), Manifest.of(old))
            await fleet.call(connection, ("rm", "-rf", *LEFT_BY_HELPERS))
            await fleet.apply(connection, difference(found, Manifest()), {})
        return None

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        connection = new["connection"]
        if new["lost"]:
            self.context.engine.warn(
                urn, f"host {connection['host']} is marked lost: not contacted, nothing runs there"
            )
            return new
        try:
            snapshot = await self.context.fleet.fresh(connection)
        except HostFault as fault:
            return self.skipped(urn, new, fault)
        wanted = Manifest.of(new)
        changes = planned_changes(compared(old, new), found_manifest(snapshot, both(old, new)), wanted)
        if changes:
            self.context.engine.progress(urn, f"{len(changes)} things to put right")
        await self.context.fleet.apply(connection, changes, wanted.access)
        return new


def compared(old: Properties | None, new: Properties) -> Properties | None:
    """The old state where the preview compared it with this very host; None where that was another one, or none."""
    same = old and old["connection"] == new["connection"] and not old["lost"]
    return old if same else None


def planned_changes(old: Properties | None, found: Manifest, wanted: Manifest) -> tuple[Change, ...]:
    """What differs on the host now, as far as the preview showed it: with no old state, all of it."""
    changes = difference(found, wanted)
    if old is None or old.get("unverified"):
        return changes
    shown = {(change.section, change.name) for change in difference(Manifest.of(old), wanted)}
    return tuple(change for change in changes if (change.section, change.name) in shown)


def both(old: Mapping[str, object] | None, new: Mapping[str, object]) -> Manifest:
    """The names of the old and of the new manifest."""
    before, after = Manifest.of(old or {}).sections(), Manifest.of(new).sections()
    return Manifest(**{section: {**before[section], **after[section]} for section in after})


def hidden(files: dict[str, str], access: dict[str, str], known: Properties) -> dict[str, str]:
    """Files, of which those are secret that should be, that are closed to others, or that nobody declared."""
    return {
        path: Secret(text) if isinstance(known.get(path, Secret()), Secret) or access[path] == HIDDEN else text
        for path, text in files.items()
    }
