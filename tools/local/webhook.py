"""Alertmanager's webhooks as a tester sends them, and the threads that came of them."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import requests

TIMEOUT: Final = 10.0
TOKEN: Final = "xoxb-local-stand-in"  # noqa: S105 - the stand-in takes any; nothing else does


def webhook(
    alert: str, status: str, *, severity: str = "critical", started: str = "2026-01-01T00:00:00Z"
) -> dict[str, Any]:
    """A webhook (version 4) with one alert named `alert`, firing or resolved."""
    labels = {"alertname": alert, "severity": severity, "service": "demo"}
    ended = "0001-01-01T00:00:00Z" if status == "firing" else "2026-01-01T00:05:00Z"
    one = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": f"{alert} for a demonstration"},
        "startsAt": started,
        "endsAt": ended,
        "generatorURL": "http://prometheus.invalid/graph",
        "fingerprint": hashlib.sha256(alert.encode()).hexdigest()[:16],
    }
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{alert}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "threader",
        "groupLabels": {"alertname": alert},
        "commonLabels": labels,
        "commonAnnotations": one["annotations"],
        "externalURL": "http://alertmanager.invalid",
        "alerts": [one],
    }


def post(address: str, content: Mapping[str, Any]) -> None:
    """Post a webhook to an instance; raises requests.RequestException unless it was taken."""
    _direct().post(f"{address}/alert", json=content, timeout=TIMEOUT).raise_for_status()


def threads(slack: str, alert: str) -> list[list[str]]:
    """The threads that tell of `alert`, each as its messages in their order, read back through Slack's API."""
    found = []
    for channel in _call(slack, "conversations.list")["channels"]:
        for message in _call(slack, "conversations.history", channel=channel["id"], limit="999")["messages"]:
            if alert in message["text"]:
                replies = _call(slack, "conversations.replies", channel=channel["id"], ts=message["ts"])["messages"]
                found.append([_said(reply) for reply in replies])
    return found


def _said(message: Mapping[str, Any]) -> str:
    """All that people read of a message."""
    return "\n".join([message["text"], *(each.get("text", "") for each in message.get("attachments", ()))])


def _call(slack: str, method: str, **arguments: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = _direct().get(f"{slack}/api/{method}", params=arguments, headers=headers, timeout=TIMEOUT)
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    if not content["ok"]:
        raise requests.RequestException(f"{method}: {content['error']}")
    return content


def _direct() -> requests.Session:
    """The fleet's addresses are this machine's own: no proxy is asked."""
    session = requests.Session()
    session.trust_env = False
    return session
