"""An alert as a Slack message. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from threader.alerts import Alert
from threader.incidents import Step

CHANNELS = {"critical": "#alerts-critical", "warning": "#alerts-warning", "info": "#alerts-info"}
COLOURS = {"critical": "#d63232", "warning": "#e8a317", "info": "#3b82c4"}
RESOLVED = "#2e9e5b"
MAX_TEXT = 3000  # Slack shows no more of an attachment before it folds it; its own limit for a text is 40 000.
MAX_LABELS = 20


@dataclass(frozen=True)
class Message:
    """What is posted, in the words of chat.postMessage."""

    channel: str
    text: str
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


def channel_for(alert: Alert, fixed: str | None) -> str:
    """The channel of an alert; an unknown severity goes where people look, so to the warnings."""
    return fixed or CHANNELS.get(alert.severity, CHANNELS["warning"])


def render(alert: Alert, step: Step, channel: str, environment: str) -> Message:
    """The message that tells what `step` means for the incident."""
    resolved = alert.status == "resolved"
    colour = RESOLVED if resolved else COLOURS.get(alert.severity, COLOURS["warning"])
    return Message(
        channel=channel,
        text=_cut(_headline(alert, step, environment)),
        attachments=[
            {"color": colour, "text": _cut(_body(alert, in_thread=step is Step.REPLY)), "mrkdwn_in": ["text"]}
        ],
        # Lets a person (or a later version) tell which incident a message belongs to.
        metadata={
            "event_type": "alert_threader",
            "event_payload": {"incident": alert.incident, "status": alert.status},
        },
    )


def _headline(alert: Alert, step: Step, environment: str) -> str:
    what = f"*{escape(alert.name)}* ({escape(alert.severity or 'no severity')}, {escape(environment)})"
    if alert.status == "resolved":
        unknown = " - its first message is not known here" if step is Step.OPEN_RESOLVED else ""
        return f":white_check_mark: Resolved: {what}{_after(alert)}{unknown}"
    return f":rotating_light: {'Firing' if step is Step.OPEN else 'Firing again'}: {what}"


def _after(alert: Alert) -> str:
    if alert.ends_at is None or not _comparable(alert.starts_at, alert.ends_at) or alert.ends_at <= alert.starts_at:
        return ""
    seconds = int((alert.ends_at - alert.starts_at).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f" after {seconds // size} {unit}"
    return f" after {seconds} s"


def _comparable(first: datetime, second: datetime) -> bool:
    return (first.tzinfo is None) == (second.tzinfo is None)


def _body(alert: Alert, *, in_thread: bool) -> str:
    lines = [escape(alert.annotations[k]) for k in ("summary", "description", "message") if alert.annotations.get(k)]
    if not in_thread:  # the thread's first message has them
        lines += _labels(alert)
    return "\n".join(lines) or escape(alert.name)


def _labels(alert: Alert) -> list[str]:
    labels = sorted((k, v) for k, v in alert.labels.items() if k not in ("alertname", "severity"))
    shown = [f"`{escape(key)}` {escape(value)}" for key, value in labels[:MAX_LABELS]]
    shown += [f"and {len(labels) - MAX_LABELS} more"] if len(labels) > MAX_LABELS else []
    links = [
        f"<{_link(url)}|{title}>"
        for title, url in (("runbook", alert.annotations.get("runbook_url", "")), ("source", alert.generator_url))
        if url.startswith(("http://", "https://"))
    ]
    return [line for line in (" · ".join(shown), " · ".join(links)) if line]


def escape(text: str) -> str:
    """Text as Slack wants it, so that no label can mention @channel or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _link(url: str) -> str:
    return escape(url).replace("|", "%7C").replace("\n", "")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
