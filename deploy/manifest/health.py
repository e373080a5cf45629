"""The health check of an instance: units that all instances of a host share, and what each has of its own. Pure."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.monitoring.part import HIDDEN, PUBLIC, ended
from deploy.manifest.paths import (
    DATA_DIRECTORY,
    ENV_DIRECTORY,
    HEALTH_DATA,
    HEALTH_DIRECTORY,
    HEALTH_PROBE,
    HELPER,
    UNIT_DIRECTORY,
    USER,
    timer_name,
)
from deploy.settings.specs import HealthSpec

CHECK_PATH: Final = f"{UNIT_DIRECTORY}/alert-threader-health@.service"
TIMER_PATH: Final = f"{UNIT_DIRECTORY}/alert-threader-health@.timer"
RESTART_PATH: Final = f"{UNIT_DIRECTORY}/alert-threader-restart@.service"
SHARED: Final = f"root:{USER} 0775"
"""The rights of the metrics folder, which is node_exporter's, too."""
_HEAD: Final = (
    "# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`."
)

# Exposure by `systemd-analyze security` (tests/fleet/test_health_timer.py looks at it on a host):
#   1.1 alert-threader-health@   needs the network (instance, Alertmanagers: addresses that no list can name here),
#                                AF_UNIX to ask systemd whether somebody stopped the unit, and files others may read
#   1.4 alert-threader-restart@  the same, and it is root: systemd takes orders to stop and start from root alone.
#                                Root without any capability does: it owns its files, and systemd looks at the user
_HARDENED: Final = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
RemoveIPC=yes
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""

# Nothing looks at the instance any more, and what was escalated is ended, before the settings for that go.
_REMOVE: Final = """
for each in health@$1.timer health@$1.service restart@$1.service; do
    systemctl stop "alert-threader-$each"
    systemctl reset-failed "alert-threader-$each"
done >/dev/null 2>&1
[ ! -x "$0" ] || "$0" forget "$1" >/dev/null
shift
rm -rf -- "$@" && systemctl daemon-reload
"""

TIMER: Final = f"""\
{_HEAD}
# When it elapses is in a drop-in of each instance.
[Unit]
Description=Health check of alert threader %i, again and again

[Timer]
AccuracySec=1s

[Install]
WantedBy=timers.target
"""

RESTART: Final = f"""\
{_HEAD}
[Unit]
Description=Restart of alert threader %i, which its health check asked for
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecCondition={HEALTH_PROBE} due %i
ExecStart={HELPER} restart %i health-check
TimeoutStartSec=900
UMask=0077
RuntimeDirectory=alert-threader
RuntimeDirectoryPreserve=yes
ReadWritePaths={DATA_DIRECTORY}

{_HARDENED}"""


@cache
def probe_source() -> str:
    """The text of the program that looks at an instance."""
    return (Path(__file__).parents[1] / "hosts" / "helper" / "health.py").read_text()


def check_unit(metrics: str, credentials: Iterable[str] = ()) -> str:
    """The service that a timer starts; beside its own state it writes only in the folder `metrics`.

    The threaders run as the same user: so secrets are `credentials`, which are this unit's alone.
    """
    loaded = "".join(f"LoadCredential={name}:{HEALTH_DIRECTORY}/{name}\n" for name in credentials)
    return f"""\
{_HEAD}
[Unit]
Description=Health check of alert threader %i
After=alert-threader-restart@%i.service
OnFailure=alert-threader-restart@%i.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
User={USER}
Group={USER}
{loaded}ExecStart={HEALTH_PROBE} check %i
TimeoutStartSec=300
LogLevelMax=notice
SyslogIdentifier=alert-threader-health
StateDirectory=alert-threader-health
ReadWritePaths=-{metrics}
UMask=0022

{_HARDENED}"""


def health_base(metrics: str, access: Access = ANYBODY) -> Manifest:
    """What a host gets for the health checks of all its instances; `access` is for the fleet's own Alertmanagers."""
    public, hidden = (
        {f"{HEALTH_DIRECTORY}/{name}": ended(text) for name, text in texts.items()}
        for texts in (access.files, access.secrets)
    )
    files = {
        HEALTH_PROBE: probe_source(),
        CHECK_PATH: check_unit(metrics, access.secrets),
        TIMER_PATH: TIMER,
        RESTART_PATH: RESTART,
        **public,
        **hidden,
    }
    rights = {HEALTH_PROBE: "root:root 0755", **dict.fromkeys(hidden, HIDDEN)}
    own = {HEALTH_DIRECTORY: "root:root 0755"} if public or hidden else {}
    return Manifest(
        directories={HEALTH_DATA: f"{USER}:{USER} 0755", metrics: SHARED, **own},
        files=files,
        access={path: rights.get(path, PUBLIC) for path in files},
    )


def settings_path(instance: str) -> str:
    """Where the check of an instance reads what it is to do."""
    return f"{ENV_DIRECTORY}/{instance}.health.json"


def metrics_path(folder: str, instance: str) -> str:
    """Where the check of an instance writes its metrics."""
    return f"{folder}/alert-threader-health-{instance}.prom"


def schedule_path(instance: str) -> str:
    """The drop-in with the timer's schedule."""
    return f"{UNIT_DIRECTORY}/{timer_name(instance)}.d/schedule.conf"


def health_manifest(
    instance: str, host: str, impl: str, health: HealthSpec, own: Mapping[str, object] | None = None
) -> Manifest:
    """The timer of one instance, and what its check is to do; `own` is how it asks the fleet's own Alertmanagers."""
    settings = {
        "host": host,
        "impl": impl,
        "deadline": health.deadline,
        "timeout": health.timeout,
        "failures": health.failures,
        "restarts": health.restarts,
        "alertmanagers": list(health.alertmanagers),
        "metrics": health.metrics,
        **({"own": dict(own)} if own else {}),
    }
    files = {
        settings_path(instance): json.dumps(settings, indent=1, sort_keys=True) + "\n",
        schedule_path(instance): schedule(health.every),
    }
    return Manifest(
        directories={schedule_path(instance).rpartition("/")[0]: "root:root 0755"},
        files=files,
        access=dict.fromkeys(files, "root:root 0644"),
        links={f"{UNIT_DIRECTORY}/timers.target.wants/{timer_name(instance)}": TIMER_PATH},
        units={timer_name(instance): "active"},
    )


def removal(instance: str, *more: str) -> tuple[str, ...]:
    """The command that ends the watch over an instance and leaves nothing of it, nor the paths in `more`."""
    manifest = health_manifest(instance, "", "", HealthSpec())
    paths = (*manifest.directories, settings_path(instance), *manifest.links, f"{HEALTH_DATA}/{instance}.json", *more)
    return ("sh", "-c", _REMOVE, HEALTH_PROBE, instance, *paths)


def schedule(every: float) -> str:
    """A check `every` seconds, counted from the last one; those of many instances drift apart by a few percent."""
    return (
        f"{_HEAD}\n[Timer]\nOnActiveSec={every:g}s\nOnUnitActiveSec={every:g}s\nRandomizedDelaySec={every * 20:.0f}ms\n"
    )
