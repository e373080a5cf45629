"""Loki on the first monitor: the logs of the fleet, and rules about them. Pure."""

from collections.abc import Mapping

from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import Part, listening, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_directory
from deploy.settings.addresses import endpoint
from deploy.settings.specs import LokiSpec


def loki(spec: LokiSpec, configuration: str, rules: Mapping[str, str], *, address: str) -> Part:
    """Loki on the host at `address`; it reads its configuration only when it starts."""
    part, come = "loki", origin("loki", spec.source, [], ["loki.service"])
    program, config = come.program("/usr/bin/loki", "loki"), f"{part_directory(part)}/loki.yaml"
    check = (program, "-verify-config", f"-config.file={config}")
    unit = Service(
        part,
        "Loki of the alert threaders",
        command=(program, f"-config.file={config}"),
        check=check,
        program=come.folder,
        lines=("LimitNOFILE=65536", "TimeoutStopSec=60"),
    ).text()
    # without tenants Loki looks for rules in a folder of this name
    files = {"loki.yaml": configuration, **{f"rules/fake/{name}": text for name, text in rules.items()}}
    listens = endpoint(listening(address), spec.port)
    return Part(part, part_manifest(part, unit, come, files), come.artifact, check, listens=listens)
