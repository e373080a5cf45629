"""Asks Prometheus, Loki and the Alertmanagers, all in one command on one monitor."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from deploy.cli.look import Asks, on_each
from deploy.cli.monitor_where import Where
from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.monitoring.access import asking
from monitoring.dashboards import Panel, Source, View, filled

LINES: Final = 20
"""How many lines of a log are shown."""
SECONDS: Final = 60
EACH: Final = 10.0
"""Seconds that one question may take."""


@dataclass(frozen=True)
class Series:
    """One value of a query; `query` is its place in the panel."""

    query: int
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Line:
    """A line of a log: `at` in ns of Unix time."""

    at: int
    text: str


@dataclass(frozen=True)
class Reading:
    """A panel and what it shows now: series, or lines from old to new. `why`: why nothing could be asked."""

    panel: Panel
    series: tuple[Series, ...] = ()
    lines: tuple[Line, ...] = ()
    why: str | None = None


@dataclass(frozen=True)
class Found:
    """All answers: from which monitor, panels in order, alerts, and which Alertmanagers were silent and why."""

    monitor: str
    readings: tuple[Reading, ...]
    alerts: tuple[Mapping[str, Any], ...]
    silent: Mapping[str, str]
    faults: tuple[HostFault, ...] = ()


def ask(where: Where, panels: Sequence[Panel], instance: str) -> Found:
    """What all of them say, asked on the first monitor that can be reached; raises HostFault when none can."""
    urls = [url for panel in panels for url in _queries(where, panel, instance)]
    alerts = "/api/v2/alerts?silenced=false&inhibited=false"
    urls += [f"{where.access.scheme}://{place}{alerts}" for place in where.alertmanagers.values()]
    faults: list[HostFault] = []
    for host, connection in where.monitors.items():
        access = asking(str(connection["address"]), tls=bool(where.access.ca), user=where.access.user)
        answers = _on(connection, {"urls": urls, "access": access, "seconds": EACH})
        if not isinstance(answers, HostFault):
            return _found(where, panels, answers, host, tuple(faults))
        faults.append(answers)
    raise faults[0]


def _on(connection: Connection, request: Mapping[str, object]) -> list[Mapping[str, Any]] | HostFault:
    async def act(hosts: Asks, connection: Connection) -> Any:
        lines = await hosts.ask(connection, "script", name="get", request=request, seconds=SECONDS)
        return json.loads(lines[-1])

    return on_each({"": connection}, act)[""]


def _queries(where: Where, panel: Panel, instance: str) -> list[str]:
    """One URL for each query of a panel."""
    expressions = [filled(each, instance) for each in panel.expressions]
    if panel.source is Source.PROMETHEUS:
        base = f"{where.access.scheme}://{where.prometheus.address}/api/v1"
        return [f"{base}/query?{urlencode({'query': each})}" for each in expressions]
    base = f"{where.access.scheme}://{where.loki.address if where.loki else ''}/loki/api/v1"
    if panel.view is View.LOGS:
        return [f"{base}/query_range?{urlencode({'query': each, 'limit': LINES})}" for each in expressions]
    return [f"{base}/query?{urlencode({'query': each})}" for each in expressions]


def _found(
    where: Where,
    panels: Sequence[Panel],
    answers: Sequence[Mapping[str, Any]],
    host: str,
    faults: tuple[HostFault, ...],
) -> Found:
    rest, readings = list(answers), []
    for panel in panels:
        mine, rest = rest[: len(panel.queries)], rest[len(panel.queries) :]
        readings.append(_reading(panel, mine))
    told = dict(zip(where.alertmanagers, rest, strict=True))
    alerts = {alert["fingerprint"]: alert for each in told.values() for alert in each.get("found", ())}
    silent = {name: each["why"] for name, each in told.items() if "why" in each}
    return Found(host, tuple(readings), tuple(alerts.values()), silent, faults)


def _reading(panel: Panel, answers: Sequence[Mapping[str, Any]]) -> Reading:
    why = next((each["why"] for each in answers if "why" in each), None)
    if why is not None:
        return Reading(panel, why=why)
    results = [each["found"]["data"]["result"] for each in answers]
    if panel.view is View.LOGS:
        lines = sorted(
            (Line(int(at), text) for result in results for stream in result for at, text in stream["values"]),
            key=lambda line: line.at,
        )
        return Reading(panel, lines=tuple(lines))
    series = [
        Series(number, each["metric"], float(each["value"][1]))
        for number, result in enumerate(results)
        for each in result
    ]
    return Reading(panel, tuple(series))


def defined(value: float) -> float | None:
    """The value, or None where it is no number."""
    return value if math.isfinite(value) else None
