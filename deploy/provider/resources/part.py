"""The resources of the monitoring: each is one program on one host, and all of them behave alike."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deploy.artifacts import local
from deploy.errors import ForPeople
from deploy.faults import HostFault
from deploy.hosts.client import ROOT
from deploy.manifest.found import DIGEST, Snapshot, found_manifest
from deploy.manifest.items import Change, Manifest, difference
from deploy.manifest.monitoring.loaded import ANOTHER, LOADED, loaded
from deploy.manifest.paths import PROGRAM_DIRECTORY, UNIT_DIRECTORY, part_data, part_directory, part_unit
from deploy.provider.fleet import given_up, removing
from deploy.provider.resources.base import Resource, machine
from deploy.provider.resources.host import both, compared, hidden, planned_changes
from deploy.provider.values import Properties

SECTIONS: Final = (
    "sources",
    "masks",
    "packages",
    "directories",
    "programs",
    "files",
    "access",
    "links",
    "units",
)
SECONDS: Final = 90.0
"""How long a program may take until it answers: Loki needs some 20 s."""


class PartFailed(ForPeople):
    """A program of the monitoring does not run as it should."""


class PartResource(Resource):
    """A program, its configuration and its unit; what it has stored is removed with it."""

    names = ("connection", "lost", *SECTIONS, "loaded")

    def identity(self, values: Properties) -> str:
        """That program on that machine."""
        return f"{values['part']} at {machine(values['connection'])}"

    def diff(self, old: Properties, new: Properties) -> dict[str, str]:
        """Of a lost host it says only that it is lost: nothing is done there, whatever is wanted."""
        found = super().diff(old, new)
        return {key: kind for key, kind in found.items() if not new["lost"] or key in ("connection", "lost")}

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Converge a host that may have nothing, something or everything already."""
        return f"{new['connection']['host']}/{new['part']}", await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """The manifest as found, with whatever else lies in its folders; and with what the program runs."""
        if given_up(old["connection"]["host"], old["lost"]):
            return old
        snapshot = await self.context.fleet.snapshot(old["connection"], old["packages"])
        wanted = Manifest.of(old)
        sections = found_manifest(snapshot, owned(old["part"], snapshot, wanted)).sections()
        found = {name: sections[name] for name in SECTIONS}
        found["files"] = hidden(found["files"], found["access"], old["files"])
        return {**old, **found, "loaded": loaded(old["part"], snapshot, wanted)}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Change what the preview showed; the program reloads, or restarts, only if it is to run something else."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Stop the program and remove all of it; a package stays, as its own units are after its installation."""
        connection, fleet, part = old["connection"], self.context.fleet, old["part"]
        if given_up(connection["host"], old["lost"]):
            return self.context.engine.warn(urn, f"host {connection['host']} is lost: its {part} is forgotten")
        with removing():
            snapshot = await fleet.fresh(connection, old["packages"])
            found = found_manifest(snapshot, owned(part, snapshot, Manifest.of(old)))
            await fleet.apply(connection, difference(found, Manifest()), {})
            data = part_data(part)
            await fleet.call(connection, ("rm", "-rf", data, data.replace("/var/lib/", "/var/lib/private/", 1)))
        return None

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        connection, fleet = new["connection"], self.context.fleet
        if new["lost"]:
            return new
        try:
            snapshot = await fleet.fresh(connection, new["packages"])
        except HostFault as fault:
            return self.skipped(urn, new, fault)
        wanted = Manifest.of(new)
        before = found_manifest(snapshot, owned(new["part"], snapshot, both(old, new)))
        changes = planned_changes(compared(old, new), before, wanted)
        now, later = staggered(changes)
        await fleet.apply(connection, now, wanted.access, self._artifact(urn, new, now))
        await self._load(urn, new, wanted, before, now)
        await fleet.apply(connection, later, {})
        return new

    def skipped(self, urn: str, new: Properties, fault: HostFault) -> Properties:
        """As for all; but no rollout waits for a part, so nothing is said of one."""
        if new.get("unreachable") != "skip":
            raise fault
        return super().skipped(urn, new, fault)

    def _artifact(self, urn: str, new: Properties, changes: Sequence[Change]) -> str | None:
        """The tarball as a file of this machine, if it is to be brought to the host."""
        digest = next((each.wanted for each in changes if each.section == "programs" and each.wanted), None)
        if digest is None:
            return None
        self.context.engine.progress(urn, f"bringing {new['part']} to its host")
        return str(local(new["artifact"], digest, ROOT, f"alert-threader:monitoring.{new['part']}.source"))

    async def _load(
        self, urn: str, new: Properties, wanted: Manifest, before: Manifest, changes: Sequence[Change]
    ) -> None:
        """Have the program run what is written; what it refuses is taken back where something else runs."""
        connection, fleet, part = new["connection"], self.context.fleet, new["part"]
        snapshot = await fleet.snapshot(connection, new["packages"])
        (unit,) = wanted.units
        state, active = loaded(part, snapshot, wanted), snapshot["units"].get(unit) == "active"
        timer = unit != part_unit(part) and any(change.name == f"{UNIT_DIRECTORY}/{unit}" for change in changes)
        if active and state == LOADED and not timer:
            return
        reload = state == ANOTHER and new["reloads"]
        self.context.engine.progress(urn, f"{part} {'reads its configuration' if reload else 'is started'}")
        request = {
            "unit": unit,
            "verb": "reload" if reload else "restart",
            "check": list(new["check"]),
            "listens": new.get("listens"),  # the engine leaves out what is null
            "seconds": SECONDS,
        }
        answer = await fleet.part(connection, request)
        if answer["state"] == "refused" and active:
            await fleet.apply(connection, undone(changes), before.access)
        if answer["state"] != "running":
            raise PartFailed(_why(connection["host"], part, unit, answer, kept=active))
        state = loaded(part, await fleet.snapshot(connection, new["packages"]), wanted)
        if state != LOADED:
            raise PartFailed(_why(connection["host"], part, unit, {"state": "failed", "reason": f"it runs {state}"}))


def owned(part: str, snapshot: Snapshot, wanted: Manifest) -> Manifest:
    """What is wanted, and what else lies in folders that are this part's alone: it has no business there."""
    units = [f"{UNIT_DIRECTORY}/{unit}.d/" for unit in {part_unit(part), *wanted.units}]
    folders = (f"{part_directory(part)}/", *units)
    strays = {path: thing for path, thing in snapshot["paths"].items() if f"{path}/".startswith(folders)}
    kinds = {"files": "file", "links": "link", "directories": "directory"}
    more = {section: {path: "" for path, thing in strays.items() if kind in thing} for section, kind in kinds.items()}
    older = {path: "" for path in snapshot.get("programs", {}) if path.startswith(f"{PROGRAM_DIRECTORY}/{part}-")}
    more["programs"], sections = older, wanted.sections()
    return Manifest(**{name: {**more.get(name, {}), **section} for name, section in sections.items()})


def staggered(changes: Sequence[Change]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Changes to make at once, and those after the program runs anew: what it may run until then goes last.

    Whether its unit runs is not among them: that is seen to with its configuration.
    """
    now = [change for change in changes if change.section != "units"]
    later = [
        change
        for change in now
        if change.wanted is None and (change.section == "programs" or change.name == PROGRAM_DIRECTORY)
    ]
    return tuple(change for change in now if change not in later), tuple(later)


def undone(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The way back for files and links; of what was too large to be read nothing is known but a digest."""
    back = (
        Change(change.section, change.name, change.wanted, change.found)
        for change in reversed(changes)
        if change.section in ("files", "access", "links")
    )
    return tuple(change for change in back if not (change.wanted or "").startswith(DIGEST))


def _why(host: str, part: str, unit: str, answer: Mapping[str, Any], kept: bool = False) -> str:
    """What people read: the program's own words, and what to do next."""
    refused = "it refuses its configuration" + (", and runs on with the one before" if kept else "")
    what = refused if answer["state"] == "refused" else f"{unit} does not run as it should"
    return f"{part} on {host}: {what}: {answer['reason']}; next: threader doctor {host}, or there: journalctl -u {unit}"
