"""The watchdog on edges: where no Alertmanager has the alert that always fires, it tells Slack itself. Pure."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.access import ANYBODY, CA, PASSWORD, Access, authority
from deploy.manifest.monitoring.part import HIDDEN, PUBLIC, Part, ended
from deploy.manifest.monitoring.unit import HEAD, hardened
from deploy.manifest.paths import UNIT_DIRECTORY, WATCHDOG, part_data, part_directory, part_unit

PART: Final = "watchdog"
TIMER: Final = f"alert-threader-{PART}.timer"
WEBHOOK_CREDENTIAL: Final = "slack_webhook_url"
STALE_SECONDS: Final = 300
"""After how long without the alert somebody is told."""
EVERY_SECONDS: Final = 60

_TIMER: Final = f"""\
{HEAD}
[Unit]
Description=Watchdog of the monitoring, again and again

[Timer]
OnActiveSec={EVERY_SECONDS}s
OnUnitActiveSec={EVERY_SECONDS}s
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


@cache
def program() -> str:
    """The text of the program."""
    return (Path(__file__).parents[2] / "hosts" / "helper" / "watchdog.py").read_text()


def service(credentials: Iterable[str] = (WEBHOOK_CREDENTIAL,)) -> str:
    """The unit that the timer starts; like the others of the monitoring it has no rights, and no user of its own."""
    loaded = "\n".join(f"LoadCredential={name}:{part_directory(PART)}/{name}" for name in credentials)
    return f"""\
{HEAD}
[Unit]
Description=Watchdog of the monitoring
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
StateDirectory={part_data(PART).rpartition("/")[2]}
StateDirectoryMode=0700
{loaded}
ExecStart={WATCHDOG} check
TimeoutStartSec=120
UMask=0077

{hardened()}"""


def watchdog(
    alertmanagers: Sequence[str], webhook: str, fleet: str, *, user: str | None = None, access: Access = ANYBODY
) -> Part:
    """The watchdog over the Alertmanagers with these base URLs, which ask for `user` and its password, if any.

    `fleet` is how Slack's readers call the stack.
    """
    directory = part_directory(PART)
    settings = {"alertmanagers": list(alertmanagers), "stale_seconds": STALE_SECONDS, "fleet": fleet}
    settings |= {"ca": authority(PART)} if CA in access.files else {}
    settings |= {"user": user} if PASSWORD in access.secrets else {}
    secrets = {WEBHOOK_CREDENTIAL: webhook, **access.secrets}
    hidden = {f"{directory}/{name}": ended(text) for name, text in secrets.items()}
    files = {
        f"{UNIT_DIRECTORY}/{part_unit(PART)}": service(secrets),
        f"{UNIT_DIRECTORY}/{TIMER}": _TIMER,
        f"{directory}/watchdog.json": json.dumps(settings, indent=1) + "\n",
        **{f"{directory}/{name}": ended(text) for name, text in access.files.items()},
        **hidden,
        WATCHDOG: program(),
    }
    rights = {**dict.fromkeys(hidden, HIDDEN), WATCHDOG: "root:root 0755"}
    manifest = Manifest(
        directories={directory: "root:root 0755"},
        files=files,
        access={path: rights.get(path, PUBLIC) for path in files},
        links={f"{UNIT_DIRECTORY}/timers.target.wants/{TIMER}": f"{UNIT_DIRECTORY}/{TIMER}"},
        units={TIMER: "active"},
    )
    return Part(PART, manifest)
