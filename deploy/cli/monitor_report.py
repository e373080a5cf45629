"""A dashboard for programs. Pure."""

from typing import Any

from deploy.cli.monitor_ask import Found, Reading, defined
from deploy.cli.monitor_text import name
from deploy.cli.monitor_view import critical, firing


def report(found: Found, stack: str, dashboard: str) -> dict[str, Any]:
    """All that was found; a value that is no number is null."""
    return {
        "stack": stack,
        "dashboard": dashboard,
        "monitor": found.monitor,
        "critical": critical(found),
        "alerts": [
            {key: alert[key] for key in ("labels", "annotations", "startsAt", "fingerprint")} for alert in firing(found)
        ],
        "silent": dict(found.silent),
        "faults": [fault.text for fault in found.faults],
        "panels": [_panel(reading) for reading in found.readings],
    }


def _panel(reading: Reading) -> dict[str, Any]:
    panel = reading.panel
    return {
        "title": panel.title,
        "description": panel.description,
        "unit": str(panel.unit),
        "error": reading.why,
        "series": [
            {"name": name(panel, series), "labels": dict(series.labels), "value": defined(series.value)}
            for series in reading.series
        ],
        "lines": [line.text for line in reading.lines],
    }
