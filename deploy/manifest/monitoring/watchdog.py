"""The watchdog on edges: where no Alertmanager has the alert that always fires, it tells Slack itself. Pure."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from deploy.manifest.items import Manifest
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


def service() -> str:
    """The unit that the timer starts; like the others of the monitoring it has no rights, and no user of its own."""
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
LoadCredential={WEBHOOK_CREDENTIAL}:{part_directory(PART)}/{WEBHOOK_CREDENTIAL}
ExecStart={WATCHDOG} check
TimeoutStartSec=120
UMask=0077

{hardened()}"""


def watchdog(alertmanagers: Sequence[str], webhook: str, fleet: str) -> Part:
    """The watchdog over the Alertmanagers with these base URLs; `fleet` is how Slack's readers call the stack."""
    directory = part_directory(PART)
    settings = {"alertmanagers": list(alertmanagers), "stale_seconds": STALE_SECONDS, "fleet": fleet}
    config, secret = f"{directory}/watchdog.json", f"{directory}/{WEBHOOK_CREDENTIAL}"
    files = {
        f"{UNIT_DIRECTORY}/{part_unit(PART)}": service(),
        f"{UNIT_DIRECTORY}/{TIMER}": _TIMER,
        config: json.dumps(settings, indent=1) + "\n",
        secret: ended(webhook),
        WATCHDOG: program(),
    }
    rights = {secret: HIDDEN, WATCHDOG: "root:root 0755"}
    manifest = Manifest(
        directories={directory: "root:root 0755"},
        files=files,
        access={path: rights.get(path, PUBLIC) for path in files},
        links={f"{UNIT_DIRECTORY}/timers.target.wants/{TIMER}": f"{UNIT_DIRECTORY}/{TIMER}"},
        units={TIMER: "active"},
    )
    return Part(PART, manifest)
