"""The blackbox exporter on a monitor: it asks what others should be able to reach. Pure."""

from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import LOOPBACK, Part, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_directory
from deploy.settings.specs import PackageSource

PACKAGES: Final = ("prometheus-blackbox-exporter",)


def blackbox_exporter(port: int, configuration: str, *, access: Access = ANYBODY) -> Part:
    """The prober, which Prometheus on the same host asks at `port`. It opens no raw sockets: it probes by HTTP."""
    part, (package,) = "blackbox-exporter", PACKAGES
    come, config = (
        origin(part, PackageSource(), PACKAGES, [f"{package}.service"]),
        f"{part_directory(part)}/blackbox.yml",
    )
    program, listens = f"/usr/bin/{package}", f"{LOOPBACK}:{port}"
    check = (program, f"--config.file={config}", "--config.check")
    unit = Service(
        part,
        "Prober of the alert threaders (blackbox exporter)",
        command=(program, f"--config.file={config}", f"--web.listen-address={listens}", *access.words(part)),
        check=check,
        reload="/bin/kill -HUP $MAINPID",
        credentials=tuple(access.secrets),
    ).text()
    manifest = part_manifest(part, unit, come, {"blackbox.yml": configuration, **access.files}, access.secrets)
    return Part(part, manifest, check=check, reloads=True, listens=listens)
