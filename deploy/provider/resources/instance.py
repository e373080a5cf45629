"""The Instance resource: a generation, staged beside the running one. Nothing here disturbs traffic."""

import os
from typing import Any, Final

from deploy.artifacts import local
from deploy.faults import HostFault
from deploy.hosts.client import ROOT
from deploy.manifest.environment import parse, render
from deploy.manifest.found import found_manifest
from deploy.manifest.health import removal, settings_path
from deploy.manifest.items import Manifest, difference
from deploy.manifest.paths import ARTIFACT_DIRECTORY
from deploy.provider.fleet import given_up, removing
from deploy.provider.resources.base import Resource, machine
from deploy.provider.resources.host import compared, planned_changes
from deploy.provider.values import Properties, Secret
from deploy.rollout.decide import needed
from deploy.rollout.story import latest

STAYS: Final = "{0} stays on its host, stopped at the end of {1}, which has not ended and may go back to it"
GENERATION = ("generation", "release", "env", "settings", "rights")


class InstanceResource(Resource):
    """One threader on one host: its folders and links, and the generation that is to run next."""

    names = ("host", "connection", "lost", *GENERATION, "directories", "links")
    replaces = frozenset({"host"})

    def identity(self, values: Properties) -> str:
        """An instance of that name on that machine."""
        return f"instance {values['instance']} at {machine(values['connection'])}"

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Stage the first generation, or adopt it where it is already."""
        return f"{new['host']}/{new['instance']}", await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """The generation as it lies on the host, and the links to it."""
        if given_up(old["host"], old["lost"]):
            return old
        snapshot = await self.context.fleet.snapshot(old["connection"])
        sections = found_manifest(snapshot, Manifest.of(old)).sections()
        return {**old, "directories": sections["directories"], "links": sections["links"], **staged(snapshot, old)}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Stage another generation, or put this one right."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Stop the instance and remove it; what it has stored stays unless purging was asked for."""
        connection, fleet = old["connection"], self.context.fleet
        if given_up(old["host"], old["lost"]):
            return self.context.engine.warn(urn, f"host {old['host']} is lost: {old['instance']} is forgotten")
        with removing():
            snapshot = await fleet.fresh(connection)
            story = latest({old["host"]: snapshot})
            if self.context.claims and needed(story, old["instance"], old["host"]):  # nobody claims in a destroy
                return self.context.engine.warn(urn, STAYS.format(old["instance"], story.id if story else ""))
            found = found_manifest(snapshot, Manifest.of(old))
            if settings_path(old["instance"]) in snapshot["paths"]:  # the host did not let its timer be removed
                await fleet.call(connection, removal(old["instance"]))
            await fleet.forget(connection, old["instance"], purge=purging())
            await fleet.apply(connection, difference(found, Manifest()), {})
        return None

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        if new["lost"]:
            return new
        try:
            snapshot = await self.context.fleet.fresh(new["connection"])
        except HostFault as fault:
            return self.skipped(urn, new, fault)
        wanted = Manifest.of(new)
        changes = planned_changes(compared(old, new), found_manifest(snapshot, wanted), wanted)
        await self.context.fleet.apply(new["connection"], changes, {})
        if any(staged(snapshot, new)[name] != new[name] for name in GENERATION):
            await self._stage(urn, snapshot, new)
        return new

    async def _stage(self, urn: str, snapshot: dict[str, Any], new: Properties) -> None:
        self.context.engine.progress(urn, f"staging {new['generation']} beside the running generation")
        archive = f"{ARTIFACT_DIRECTORY}/{new['release']}.tar.gz"
        texts = {"env": render(new["env"]), **new["settings"]}
        request = {
            "instance": new["instance"],
            "generation": new["generation"],
            "artifact": archive,
            "sha256": new["release"],
            "files": {name: [text, new["rights"][name].split()[1]] for name, text in texts.items()},
            "keep": int(new["keep"]),  # every number of a property is a float
            "repair": True,
        }
        there = archive in snapshot["artifacts"]
        source = None if there else str(local(new["artifact"], new["release"], ROOT))
        await self.context.fleet.stage(new["connection"], request, source)


def staged(snapshot: dict[str, Any], inputs: Properties) -> Properties:
    """The generation named in `inputs` as found, as inputs; what was secret, or is unknown, is secret."""
    generations = snapshot["instances"].get(inputs["instance"], {"generations": {}})["generations"]
    found = generations.get(inputs["generation"])
    if not found:
        return {"generation": None, "release": None, "env": {}, "settings": {}, "rights": {}}
    known = inputs["settings"]
    texts = {
        name: text if name in known else Secret(text)  # an editor's copy of env, perhaps
        for name, text in found["files"].items()
        if name not in ("env", "MANIFEST.sha256")
    }
    env = parse(found["files"].get("env", ""))
    shown = {name for name in {*known, *texts} if texts.get(name) != known.get(name)}
    shown |= {"env"} if env != inputs["env"] else set()
    edited = [path for path in found["damaged"] if path not in shown]
    return {
        "generation": inputs["generation"],
        "release": f"{inputs['release']}, edited by hand: {', '.join(edited[:5])}" if edited else inputs["release"],
        "env": {
            name: value if name in inputs["env"] and not isinstance(inputs["env"][name], Secret) else Secret(value)
            for name, value in env.items()
        },
        "settings": texts,
        "rights": {name: rights for name, rights in found["access"].items() if name != "MANIFEST.sha256"},
    }


def purging() -> bool:
    """Whether stored data is removed, too: `threader destroy --purge` says so."""
    return os.environ.get("THREADER_PURGE") == "1"
