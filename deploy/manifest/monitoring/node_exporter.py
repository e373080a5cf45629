"""node_exporter on every host: disks, memory, units, and what health checks write for it. Pure."""

from types import MappingProxyType
from typing import Final

from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import Part, listening, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.settings.addresses import endpoint
from deploy.settings.specs import PackageSource

PACKAGES: Final = ("prometheus-node-exporter", "dbus")
"""The collector of units asks systemd over D-Bus, which small hosts lack."""

# It tells of the whole host, not of itself: so /proc is whole (0.2), and what it knows of network devices comes by
# netlink (0.1). ProtectClock would keep it from reading how the clock is kept in time.
EXEMPT: Final = MappingProxyType(
    {
        "ProtectProc": None,
        "ProcSubset": None,
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    }
)


def node_exporter(port: int, metrics: str, *, address: str) -> Part:
    """node_exporter on the host at `address`; `metrics` is the folder of its textfile collector."""
    part, package = "node-exporter", PACKAGES[0]
    come = origin(part, PackageSource(), PACKAGES, [f"{package}.service"])
    listens = endpoint(listening(address), port)
    unit = Service(
        part,
        "Metrics of this host (node_exporter)",
        command=(
            f"/usr/bin/{package}",
            f"--web.listen-address={listens}",
            f"--collector.textfile.directory={metrics}",
            "--collector.systemd",
            "--collector.systemd.unit-include=alert-threader.*",
        ),
        exempt=EXEMPT,
    ).text()
    return Part(part, part_manifest(part, unit, come, {}), listens=listens)
