"""The configuration of Alertmanager, the same on every monitor. Pure."""

from typing import Any, Final

from deploy.manifest.edge import reached_at
from deploy.settings.addresses import endpoint
from deploy.settings.specs import FleetSpec, HostSpec
from monitoring.routes import CHANNELS, NOBODY, PAST_THEM, THREADERS, inhibitions, route
from monitoring.rules.rule import Severity
from monitoring.yaml_text import yaml_text

WEBHOOK_SETTING: Final = "SLACK_WEBHOOK_URL"
"""The setting, one of the secrets, that opens the way past the threaders."""
WEBHOOK_FILE: Final = "/run/credentials/alert-threader-alertmanager.service/slack_webhook_url"
"""Where the unit finds it."""

_TITLE: Final = '{{ if eq .Status "resolved" }}Resolved: {{ end }}{{ .CommonLabels.alertname }} (past the threaders)'
_LINES: Final = (
    '{{ range .Alerts }}{{ if eq .Status "resolved" }}Resolved: {{ end }}*{{ .Annotations.summary }}*\n'
    "{{ .Annotations.description }}\n"
    "Runbook: {{ .Annotations.runbook_url }}\n"
    "{{ end }}"
)


def configuration(fleet: FleetSpec) -> str:
    """The text of alertmanager.yml."""
    direct = WEBHOOK_SETTING in fleet.secrets
    receivers = [
        {"name": THREADERS, "webhook_configs": [_webhook(host, fleet) for host in fleet.edges]},
        *([{"name": PAST_THEM, "slack_configs": [_slack(fleet)]}] if direct else []),
        {"name": NOBODY},
    ]
    return yaml_text({"route": route(direct), "receivers": receivers, "inhibit_rules": inhibitions()})


def _webhook(edge: HostSpec, fleet: FleetSpec) -> dict[str, Any]:
    """All alerts of a group, to every edge: the threaders post each change once, whoever tells them of it."""
    address = reached_at(fleet.edge.bind or "", edge.name, edge="", address=edge.address)
    return {
        "url": f"http://{endpoint(address, fleet.edge.port)}/alert",
        "send_resolved": True,
        "max_alerts": 0,
        "http_config": {"follow_redirects": False},
    }


def _slack(fleet: FleetSpec) -> dict[str, Any]:
    return {
        "api_url_file": WEBHOOK_FILE,
        "channel": fleet.env.get("SLACK_CHANNEL") or _channel(),
        "send_resolved": True,
        "title": _TITLE,
        "text": _LINES,
    }


def _channel() -> str:
    """A template that chooses by severity; alerts of one group have the same."""
    other = CHANNELS[Severity.WARNING]
    asked = [(severity, channel) for severity, channel in CHANNELS.items() if channel != other]
    chosen = "{{ else ".join(f'if eq .CommonLabels.severity "{severity}" }}}}{channel}' for severity, channel in asked)
    return "{{ " + chosen + "{{ else }}" + other + "{{ end }}"
