"""node_exporter on every host: disks, memory, units, and what health checks write for it. Pure."""

from types import MappingProxyType
from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import Part, listening, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.settings.addresses import endpoint
from deploy.settings.specs import PackageSource

PACKAGES: Final = ("prometheus-node-exporter", "dbus")
"""The collector of units asks systemd over D-Bus, which small hosts lack."""

# Exposure is 1.3: it tells of the whole host, not of itself, so all of /proc is there (0.3), and what it knows of
# network devices comes by netlink (0.1). D-Bus takes nobody who is not in /etc/passwd: so it is its package's user.
EXEMPT: Final = MappingProxyType(
    {
        "DynamicUser": None,
        "User": "prometheus",
        "Group": "prometheus",
        "ProtectProc": None,
        "ProcSubset": None,
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    }
)


NO_DISKS: Final = (
    *("autofs", "binfmt_misc", "bpf", "cgroup2?", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl"),
    *("hugetlbfs", "iso9660", "mqueue", "nsfs", "proc", "procfs", "pstore", "ramfs", "rpc_pipefs", "securityfs"),
    *("selinuxfs", "squashfs", "sysfs", "tracefs"),
)
"""File systems that never fill: as by default, but for overlay, on which hosts that are containers have everything."""
NOT_MEASURED: Final = ("dev", "proc", "run", "sys", "var/lib/docker/.+", "var/lib/containers/.+", "var/lib/kubelet/.+")
"""Where nothing lies that lasts, or what belongs to containers on the host."""


def node_exporter(port: int, metrics: str, *, address: str, access: Access = ANYBODY) -> Part:
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
            f"--collector.filesystem.fs-types-exclude=^({'|'.join(NO_DISKS)})$",
            f"--collector.filesystem.mount-points-exclude=^/({'|'.join(NOT_MEASURED)})($|/)",
            "--no-collector.timex",
            *access.words(part),
        ),
        credentials=tuple(access.secrets),
        exempt=EXEMPT,
    ).text()
    return Part(part, part_manifest(part, unit, come, access.files, access.secrets), listens=listens)
