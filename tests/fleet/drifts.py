"""What people do to hosts by hand, and what a preview has to show of it."""

from dataclasses import dataclass

TYPED_SECRET = "hunter2-typed-by-hand"
VICTIM = "/etc/somebody-elses.conf"
CURRENT = "/var/lib/alert-threader/{instance}/current"
UNIT = "/etc/systemd/system/alert-threader@.service"
SETTLE = "/etc/systemd/system/alert-threader-settle.service"
HELPER = "/usr/local/lib/alert-threader/activate"


@dataclass(frozen=True)
class Drift:
    """`script` runs on `host`; each of `shown` is a regular expression that a line of the preview matches."""

    name: str
    host: str
    script: str
    shown: tuple[str, ...]


DRIFTS = (
    Drift(
        "a managed file is edited",
        "app-1",
        f"sed -i 's/^RestartSec=2/RestartSec=99/' {UNIT}",
        (r"- *RestartSec=99", r"\+ *RestartSec=2"),
    ),
    Drift("a mode is changed", "app-1", f"chmod 0777 {HELPER}", (r'"root:root 0777" => "root:root 0755"',)),
    Drift(
        "current is repointed",
        "app-1",
        "ln -sfn /tmp/elsewhere /var/lib/alert-threader/py-a/current",
        (r'py-a *: "elsewhere \(current leads to /tmp/elsewhere, missing\)" => "1\.0\.0-',),
    ),
    Drift(
        "the unit template is deleted", "app-2", f"rm {UNIT}", (rf'\+ {UNIT} *: "# Written by Alert Threader Fleet',)
    ),
    Drift(
        "a file is replaced by a link elsewhere",
        "app-2",
        f"echo 'mine, not yours' >{VICTIM}; ln -sf {VICTIM} {SETTLE}",
        (rf'- {SETTLE}: "{VICTIM}"',),
    ),
    Drift(
        "a release's program is edited",
        "app-2",
        "echo '# edited' >>/var/lib/alert-threader/py-b/current/release/run",
        (r"edited by hand: release/run",),
    ),
    Drift(
        "a unit is stopped",
        "app-3",
        "systemctl stop alert-threader@py-c",
        (r'py-c *: "1\.0\.0-\w+ \(.*inactive\)" => "1\.0\.0-\w+"',),
    ),
    Drift(
        "a variable is edited",
        "app-3",
        "sed -i 's/^LOG_LEVEL=.*/LOG_LEVEL=debug/' /var/lib/alert-threader/py-c/current/env",
        (r'LOG_LEVEL *: "debug" => "info"',),
    ),
    Drift(
        "an unknown variable, which is a secret, is added",
        "app-3",
        f"echo 'HAND_TOKEN={TYPED_SECRET}' >>/var/lib/alert-threader/py-c/current/env",
        (r"- *HAND_TOKEN *: \[secret\]",),
    ),
    Drift(
        "a known secret is edited",
        "app-3",
        f"sed -i 's/^SLACK_BOT_TOKEN=.*/SLACK_BOT_TOKEN={TYPED_SECRET}/' /var/lib/alert-threader/py-c/current/env",
        (r"SLACK_BOT_TOKEN *: \[secret\] => \[secret\]",),
    ),
    Drift(
        "a link of ours is removed",
        "app-3",
        "rm /etc/alert-threader.d/py-c.env",
        (r"\+ */etc/alert-threader\.d/py-c\.env",),
    ),
)
