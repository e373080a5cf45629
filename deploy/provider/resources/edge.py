"""The Edge resource: HAProxy in front of all instances, on one host."""

import json
from typing import Any, Final

from deploy.errors import ForPeople
from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.edge_state import loaded
from deploy.manifest.found import found_manifest
from deploy.manifest.items import Manifest, difference
from deploy.manifest.paths import EDGE_DATA, EDGE_HELPER, EDGE_UNIT
from deploy.provider.fleet import given_up, removing
from deploy.provider.resources.base import Resource, machine
from deploy.provider.resources.host import compared, planned_changes
from deploy.provider.values import Properties

FORGET: Final = f"systemctl stop 'alert-threader-edge-admit-*'; rm -f {EDGE_DATA}/*.json {EDGE_DATA}/lock"


class EdgeFailed(ForPeople):
    """HAProxy does not run as it should."""


class EdgeResource(Resource):
    """Package, configuration and unit of HAProxy. Which servers get requests is the Rollout's to say."""

    names = ("connection", "lost", "packages", "directories", "files", "access", "links", "units", "loaded")

    def identity(self, values: Properties) -> str:
        """The edge of that machine."""
        return f"edge at {machine(values['connection'])}"

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Converge a host that may have nothing, something or everything already."""
        return new["connection"]["host"], await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """The manifest as found, and whether HAProxy runs with its configuration."""
        if given_up(old["connection"]["host"], old["lost"]):
            return old
        snapshot = await self.context.fleet.snapshot(old["connection"])
        return {**old, **found_manifest(snapshot, Manifest.of(old)).sections(), "loaded": loaded(snapshot)}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Change what the preview showed; HAProxy reloads only if it is to run something else."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Stop HAProxy and remove what is ours; the package stays."""
        connection, fleet = old["connection"], self.context.fleet
        if given_up(connection["host"], old["lost"]):
            return self.context.engine.warn(urn, f"host {connection['host']} is lost: its edge is forgotten")
        with removing():
            found = found_manifest(await fleet.fresh(connection), Manifest.of(old))
            await fleet.call(connection, ("sh", "-c", FORGET))
            await fleet.apply(connection, difference(found, Manifest()), {})
        return None

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        connection, fleet = new["connection"], self.context.fleet
        if new["lost"]:
            return new
        try:
            snapshot = await fleet.fresh(connection)
        except HostFault as fault:
            return self.skipped(urn, new, fault)
        wanted = Manifest.of(new)
        changes = planned_changes(compared(old, new), found_manifest(snapshot, wanted), wanted)
        try:
            await fleet.apply(connection, changes, wanted.access)
        except HostFault as fault:
            if fault.fault.contact or EDGE_UNIT not in fault.text:
                raise
        await self._load(urn, connection)
        return new

    async def _load(self, urn: str, connection: Connection) -> None:
        """Have HAProxy run what is written; a new one does already."""
        self.context.engine.progress(urn, "requests in flight end where they began, new ones go by the new topology")
        host = connection["host"]
        answer: dict[str, Any] = json.loads((await self.context.fleet.call(connection, (EDGE_HELPER, "apply")))[-1])
        if answer["state"] in ("failed", "stopped"):
            raise EdgeFailed(
                f"edge on {host}: {answer['reason']}; next: threader doctor {host}, or there: journalctl -u {EDGE_UNIT}"
            )
