"""Grafana on the first monitor, where the settings say how to get it. Pure."""

from collections.abc import Mapping
from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import LOOPBACK, Part, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_directory
from deploy.settings.specs import GrafanaSpec

PASSWORD_CREDENTIAL: Final = "admin_password"  # noqa: S105 - the name of the secret
_PACKAGED: Final = "/usr/share/grafana"


def grafana(spec: GrafanaSpec, files: Mapping[str, str], password: str, *, access: Access = ANYBODY) -> Part:
    """Grafana with `files` by their path: its own settings, what is provisioned, and dashboards."""
    part, come = "grafana", origin("grafana", spec.source, [], ["grafana-server.service"])
    home, directory = come.folder or _PACKAGED, part_directory(part)
    secrets = {PASSWORD_CREDENTIAL: password, **access.secrets}
    unit = Service(
        part,
        "Grafana of the alert threaders",
        command=(f"{home}/bin/grafana", "server", f"--homepath={home}", f"--config={directory}/grafana.ini"),
        credentials=tuple(secrets),
        program=come.folder,
        lines=("LimitNOFILE=65536", "TimeoutStopSec=30"),
    ).text()
    named = {path.removeprefix(f"{directory}/"): text for path, text in files.items()}
    manifest = part_manifest(part, unit, come, {**named, **access.files}, secrets)
    return Part(part, manifest, come.artifact, listens=f"{LOOPBACK}:{spec.port}")
