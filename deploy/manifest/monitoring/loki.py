"""Loki on the first monitor: the logs of the fleet, and rules about them. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import Part, listening, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_directory
from deploy.settings.addresses import endpoint
from deploy.settings.specs import LokiSpec

# Exposure is 1.3: it looks for the addresses of this host, which come by netlink (0.1), and warns where it can not.
EXEMPT: Final = MappingProxyType({"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK"})


def loki(
    spec: LokiSpec, configuration: str, rules: Mapping[str, str], *, address: str, access: Access = ANYBODY
) -> Part:
    """Loki on the host at `address`; it reads its configuration only when it starts."""
    part, come = "loki", origin("loki", spec.source, [], ["loki.service"])
    program, config = come.program("/usr/bin/loki", "loki"), f"{part_directory(part)}/loki.yaml"
    check = (program, "-verify-config", f"-config.file={config}")
    unit = Service(
        part,
        "Loki of the alert threaders",
        command=(program, f"-config.file={config}"),
        check=check,
        credentials=tuple(access.secrets),
        program=come.folder,
        lines=("LimitNOFILE=65536", "TimeoutStopSec=60"),
        exempt=EXEMPT,
    ).text()
    # without tenants Loki looks for rules in a folder of this name
    files = {"loki.yaml": configuration, **{f"rules/fake/{name}": text for name, text in rules.items()}, **access.files}
    listens = endpoint(listening(address), spec.port)
    manifest = part_manifest(part, unit, come, files, access.secrets)
    return Part(part, manifest, come.artifact, check, listens=listens)
