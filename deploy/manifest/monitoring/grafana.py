"""Grafana on the first monitor, where the settings say how to get it. Pure."""

from collections.abc import Mapping
from configparser import RawConfigParser
from io import StringIO
from typing import Final

from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import LOOPBACK, Part, part_manifest
from deploy.manifest.monitoring.unit import HEAD, Service
from deploy.manifest.paths import credential_path, part_data, part_directory
from deploy.settings.specs import GrafanaSpec

PASSWORD_CREDENTIAL: Final = "admin_password"  # noqa: S105 - the name of the secret
_PACKAGED: Final = "/usr/share/grafana"
PART: Final = "grafana"


def grafana(spec: GrafanaSpec, files: Mapping[str, str], password: str) -> Part:
    """Grafana with `files` by their path in its directory: what is provisioned, and dashboards."""
    come = origin(PART, spec.source, [], ["grafana-server.service"])
    home, config = come.folder or _PACKAGED, f"{part_directory(PART)}/grafana.ini"
    unit = Service(
        PART,
        "Grafana of the alert threaders",
        command=(f"{home}/bin/grafana", "server", f"--homepath={home}", f"--config={config}"),
        credentials=(PASSWORD_CREDENTIAL,),
        program=come.folder,
        lines=("LimitNOFILE=65536", "TimeoutStopSec=30"),
    ).text()
    secrets = {PASSWORD_CREDENTIAL: f"{password}\n"}
    manifest = part_manifest(PART, unit, come, {"grafana.ini": settings(spec), **files}, secrets)
    return Part(PART, manifest, come.artifact, listens=f"{LOOPBACK}:{spec.port}")


def settings(spec: GrafanaSpec) -> str:
    """grafana.ini: nothing is asked of the internet, and nobody signs up."""
    parser = RawConfigParser()
    parser.read_dict(
        {
            "paths": {
                "data": part_data(PART),
                "plugins": f"{part_data(PART)}/plugins",
                "provisioning": f"{part_directory(PART)}/provisioning",
            },
            "server": {
                "http_addr": LOOPBACK,
                "http_port": str(spec.port),
                "root_url": f"{spec.external_url or f'http://localhost:{spec.port}'}/",
            },
            "security": {"admin_password": f"$__file{{{credential_path(PART, PASSWORD_CREDENTIAL)}}}"},
            "users": {"allow_sign_up": "false"},
            "analytics": {"reporting_enabled": "false", "check_for_updates": "false"},
            "log": {"mode": "console"},
        }
    )
    text = StringIO()
    parser.write(text)
    return f"{HEAD}\n{text.getvalue().rstrip()}\n"
