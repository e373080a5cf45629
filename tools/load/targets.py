"""What is posted: Alertmanager's webhooks, one alert each, of a bounded set of alerts. Pure."""

import base64
import json
from collections.abc import Iterator
from typing import Final

from tools.local.webhook import webhook

SEVERITIES: Final = ("critical", "warning", "info")


def targets(url: str, alerts: int, name: str = "Load") -> Iterator[str]:
    """One line for vegeta each; the alerts have fingerprints of their own, and a repeated one changes nothing."""
    for number in range(alerts):
        content = webhook(f"{name}{number}", "firing", severity=SEVERITIES[number % len(SEVERITIES)])
        body = base64.b64encode(json.dumps(content).encode()).decode()
        header = {"Content-Type": ["application/json"]}
        yield json.dumps({"method": "POST", "url": url, "body": body, "header": header}) + "\n"
