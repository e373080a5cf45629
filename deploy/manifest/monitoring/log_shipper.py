"""The log shipper on every host: what the journal has goes to Loki, and waits on disk while that is away. Pure."""

from typing import Final

from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.origin import origin
from deploy.manifest.monitoring.part import Part, part_manifest
from deploy.manifest.monitoring.unit import Service
from deploy.manifest.paths import part_data, part_directory, part_runtime
from deploy.settings.specs import PackageSource

PACKAGES: Final = ("syslog-ng-core", "syslog-ng-mod-http")
PROGRAM: Final = "/usr/sbin/syslog-ng"


def log_shipper(configuration: str, *, access: Access = ANYBODY) -> Part:
    """syslog-ng, whose right beyond those of the other parts is to read the journal."""
    part, come = "log-shipper", origin("log-shipper", PackageSource(), PACKAGES, ["syslog-ng.service"])
    config, run = f"{part_directory(part)}/syslog-ng.conf", part_runtime(part)
    state = (f"--persist-file={part_data(part)}/syslog-ng.persist", f"--control={run}/syslog-ng.ctl")
    check = (PROGRAM, "--syntax-only", "--no-caps", f"--cfgfile={config}", *state)
    unit = Service(
        part,
        "Log shipper of the alert threaders (syslog-ng)",
        command=(PROGRAM, "--foreground", "--no-caps", f"--cfgfile={config}", *state, f"--pidfile={run}/syslog-ng.pid"),
        check=check,
        reload="/bin/kill -HUP $MAINPID",
        lines=("SupplementaryGroups=systemd-journal", "TimeoutStopSec=30"),
    ).text()
    files = {"syslog-ng.conf": configuration, **access.files}
    return Part(part, part_manifest(part, unit, come, files), check=check, reloads=True)
