"""A dashboard in the terminal: numbers, what differs by instance or host, lines of logs, and the alerts."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from deploy.cli import console, times
from deploy.cli.console import Text
from deploy.cli.errors import on_lines
from deploy.cli.journal import pretty
from deploy.cli.monitor_ask import Found, Reading
from deploy.cli.monitor_text import label, name, nothing, value
from monitoring.dashboards import Unit, View

WATCHDOG: Final = "Watchdog"
"""The alert that always fires: it tells that others would arrive."""
WORST: Final = ("critical", "warning", "info")
Cell = str | Text


def show(found: Found, stack: str, at: datetime) -> None:
    """Print all of it, from what is shortest to the alerts, which are last so that they are seen."""
    for fault in found.faults:
        console.say(f"{on_lines(fault.text)}\n", "red")
    if blind(found):
        why = found.readings[0].why
        console.say(f"Prometheus on {found.monitor} does not answer: {why}\nnext: threader preview\n", "red")
        _alerts(found, stack, at)
        return
    several = {each: [reading for reading in found.readings if _label(reading) == each] for each in _labels(found)}
    single = [reading for reading in found.readings if _label(reading) is None and reading.panel.view is not View.LOGS]
    if single:
        _numbers(single)
    for each, readings in several.items():
        console.say()
        _by(each, readings)
    for reading in found.readings:
        if reading.panel.view is View.LOGS:
            _lines(reading)
    console.say()
    _alerts(found, stack, at)


def blind(found: Found) -> bool:
    """Whether not one panel could be asked."""
    return all(reading.why is not None for reading in found.readings)


def firing(found: Found) -> list[Mapping[str, Any]]:
    """The alerts that mean something, the worst first."""
    alerts = [alert for alert in found.alerts if alert["labels"].get("alertname") != WATCHDOG]
    return sorted(alerts, key=lambda alert: (_rank(alert), alert["startsAt"], alert["fingerprint"]))


def critical(found: Found) -> int:
    """How many of them are critical."""
    return sum(_rank(alert) == 0 for alert in firing(found))


def well(found: Found) -> bool:
    """Whether all that could know of trouble was asked, and knows of no critical alert."""
    return not (critical(found) or found.silent or found.faults or blind(found))


def _rank(alert: Mapping[str, Any]) -> int:
    severity = alert["labels"].get("severity")
    return WORST.index(severity) if severity in WORST else len(WORST)


def _label(reading: Reading) -> str | None:
    """The label by which a panel is shown in a table; a panel without values is told in words."""
    return label(reading.panel) if reading.series else None


def _labels(found: Found) -> list[str]:
    return list(dict.fromkeys(each for each in map(_label, found.readings) if each))


def _numbers(readings: Sequence[Reading]) -> None:
    rows: list[list[Cell]] = []
    for reading in readings:
        panel = reading.panel
        if not reading.series:
            rows.append([panel.title, "", nothing(reading)])
        for number, series in enumerate(reading.series):
            called = "" if panel.unit is Unit.TEXT else name(panel, series)
            rows.append(["" if number else panel.title, called, value(panel, series)])
    named = any(row[1] for row in rows)
    console.table([], rows if named else [[row[0], row[2]] for row in rows])


def _by(key: str, readings: Sequence[Reading]) -> None:
    """One table of all panels whose series have the label: the fewer of panels and series are its columns."""
    names = sorted({series.labels.get(key, "") for reading in readings for series in reading.series})
    titles = [reading.panel.title.replace(f" by {key}", "") for reading in readings]
    cells = [[_cell(reading, key, each) for each in names] for reading in readings]
    if len(names) <= len(titles):
        console.table([], [[f"by {key}", *names], *([title, *row] for title, row in zip(titles, cells, strict=True))])
    else:
        across = zip(names, zip(*cells, strict=True), strict=True)
        console.table([key, *titles], [[each, *column] for each, column in across])


def _cell(reading: Reading, key: str, wanted: str) -> Cell:
    found = [series for series in reading.series if series.labels.get(key, "") == wanted]
    return value(reading.panel, found[0]) if found else Text("-")


def _lines(reading: Reading) -> None:
    console.say(f"\n{reading.panel.title}")
    if not reading.lines:
        console.say(f"  {nothing(reading)}")
    for line in reading.lines:
        entry = {"MESSAGE": line.text, "__REALTIME_TIMESTAMP": line.at // 1000}
        console.say(f"  {pretty(json.dumps(entry))}")


def _alerts(found: Found, stack: str, at: datetime) -> None:
    alerts = firing(found)
    if alerts:
        console.table(["alert", "severity", "where", "since", "summary"], [_row(alert, at) for alert in alerts])
        books = {alert["labels"].get("alertname", ""): alert["annotations"].get("runbook_url") for alert in alerts}
        for alert, book in books.items():
            if book:
                console.say(f"next: {book}  ({alert})")
        console.say()
    for host, why in found.silent.items():
        console.say(f"the Alertmanager on {host} does not answer: {why}\nnext: threader preview\n", "red")
    if not found.silent and all(alert["labels"].get("alertname") != WATCHDOG for alert in found.alerts):
        console.say(
            "the Watchdog, which always fires, is at no Alertmanager: other alerts do not arrive, either", "red"
        )
        console.say("next: threader monitor --dashboard monitoring\n")
    told = f"{len(alerts) or 'no'} alert{'' if len(alerts) == 1 else 's'} firing"
    if found.silent and not found.alerts:
        told = "which alerts fire is not known"
    worst = f", {critical(found)} of them critical" if critical(found) else ""
    console.say(f"stack {stack}, asked on {found.monitor}: {told}{worst}")


def _row(alert: Mapping[str, Any], at: datetime) -> list[Cell]:
    labels = alert["labels"]
    severity = labels.get("severity", "-")
    place = " on ".join(dict.fromkeys(filter(None, (labels.get("instance"), labels.get("host"))))) or "-"
    style = {"critical": "red", "warning": "yellow"}.get(severity, "")
    told = alert["annotations"].get("summary", "")
    since = times.ago(alert["startsAt"], at)
    return [labels.get("alertname", "-"), Text(console.printable(severity), style=style), place, since, told]
