"""Prometheus on a monitor: it scrapes all that the fleet exports, and tells the Alertmanagers. Pure."""

from collections.abc import Mapping
from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import LOOPBACK, Part, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_data, part_directory
from deploy.settings.specs import PrometheusSpec

PACKAGES: Final = ("prometheus",)


def prometheus(spec: PrometheusSpec, configuration: str, rules: Mapping[str, str], *, access: Access = ANYBODY) -> Part:
    """Prometheus with its configuration, and rule files by their names."""
    part, come = "prometheus", origin("prometheus", spec.source, PACKAGES, ["prometheus.service"])
    config = f"{part_directory(part)}/prometheus.yml"
    check = (come.program("/usr/bin/promtool", "promtool"), "check", "config", config)
    listens = f"{LOOPBACK}:{spec.port}"
    unit = Service(
        part,
        "Prometheus of the alert threaders",
        command=(
            come.program("/usr/bin/prometheus", "prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={part_data(part)}",
            f"--storage.tsdb.retention.time={spec.retention_days}d",
            f"--storage.tsdb.retention.size={spec.retention_mb}MB",
            f"--web.listen-address={listens}",
            f"--web.external-url={spec.external_url or f'{access.scheme}://localhost:{spec.port}'}",
            "--web.route-prefix=/",
            *access.words(part),
        ),
        check=check,
        reload="/bin/kill -HUP $MAINPID",
        credentials=tuple(access.secrets),
        program=come.folder,
        lines=("LimitNOFILE=65536", "TimeoutStopSec=60"),
    ).text()
    files = {"prometheus.yml": configuration, **{f"rules/{name}": text for name, text in rules.items()}, **access.files}
    manifest = part_manifest(part, unit, come, files, access.secrets)
    return Part(part, manifest, come.artifact, check, reloads=True, listens=listens)
