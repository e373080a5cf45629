"""Alertmanager on a monitor: it groups alerts, and posts them to an edge, or past the threaders to Slack. Pure."""

from collections.abc import Sequence
from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import Part, listening, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_data, part_directory
from deploy.settings.addresses import endpoint
from deploy.settings.specs import AlertmanagerSpec

PACKAGES: Final = ("prometheus-alertmanager",)
WEBHOOK_CREDENTIAL: Final = "slack_webhook_url"


def alertmanager(
    spec: AlertmanagerSpec,
    configuration: str,
    *,
    address: str,
    peers: Sequence[str] = (),
    webhook: str | None = None,
    access: Access = ANYBODY,
) -> Part:
    """Alertmanager on the host at `address`, in one cluster with those at `peers`; `webhook` is Slack's, if any."""
    part = "alertmanager"
    come = origin(part, spec.source, PACKAGES, ["prometheus-alertmanager.service"])
    config, bind = f"{part_directory(part)}/alertmanager.yml", listening(address)
    check = (come.program("/usr/bin/amtool", "amtool"), "check-config", config)
    listens = endpoint(bind, spec.port)
    packaged = f"/usr/bin/{come.package or 'prometheus-alertmanager'}"
    credentials = {**({WEBHOOK_CREDENTIAL: webhook} if webhook else {}), **access.secrets}
    unit = Service(
        part,
        "Alertmanager of the alert threaders",
        command=(
            come.program(packaged, "alertmanager"),
            f"--config.file={config}",
            f"--storage.path={part_data(part)}",
            f"--web.listen-address={listens}",
            f"--web.external-url={spec.external_url or f'{access.scheme}://localhost:{spec.port}'}",
            "--web.route-prefix=/",
            *access.words(part),
            f"--cluster.listen-address={endpoint(bind, spec.cluster_port) if peers else ''}",
            *(f"--cluster.peer={endpoint(peer, spec.cluster_port)}" for peer in peers),
        ),
        check=check,
        reload="/bin/kill -HUP $MAINPID",
        credentials=tuple(credentials),
        program=come.folder,
    ).text()
    manifest = part_manifest(part, unit, come, {"alertmanager.yml": configuration, **access.files}, credentials)
    return Part(part, manifest, come.artifact, check, reloads=True, listens=listens)
