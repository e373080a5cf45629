"""The cases of cases.yaml, and what a real Loki says of them."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from monitoring import loki
from monitoring.rules.rule import Rule
from tests.monitoring.loki.fleets import FLEET
from tests.monitoring.loki.server import Labels, Server

FILE = Path(__file__).with_name("cases.yaml")
STEP = 15.0
"""How often the ruler looks, in seconds."""
AGO = 2 * 3600.0
"""Each case began so many seconds ago, with a tenant of its own: what is older Loki would have written away."""

Alerts = set[frozenset[tuple[str, str]]]
"""The labels of each alert."""


@dataclass(frozen=True)
class Case:
    """Streams of lines, as labels and moments, and what a rule has to say of them at which moments."""

    rule: Rule
    name: str
    lines: tuple[tuple[Labels, tuple[float, ...]], ...]
    fires: tuple[float, ...]
    quiet: tuple[float, ...]
    alerts: tuple[Labels, ...]

    @property
    def seen(self) -> set[str]:
        """Which of the things that a rule has to be seen doing this case shows."""
        resolves = bool(self.fires and self.quiet) and max(self.quiet) > max(self.fires)
        shown = {"fires": bool(self.fires), "quiet": bool(self.quiet), "resolves": resolves}
        return {name for name, is_so in shown.items() if is_so}

    def wrong(self, server: Server) -> list[str]:
        """What Loki says that it should not, once the lines were pushed."""
        begins, tenant = time.time() - AGO, re.sub(r"\W+", "-", self.name)
        for labels, moments in self.lines:
            server.push(labels, [begins + moment for moment in moments], tenant)
        wanted = [*((moment, _frozen(self.alerts)) for moment in self.fires), *((each, set()) for each in self.quiet)]
        found = [(moment, alerts, firing(self.rule, server, begins + moment, tenant)) for moment, alerts in wanted]
        return [
            f"after {at:g} s: {_shown(given)}, not {_shown(alerts)}" for at, alerts, given in found if given != alerts
        ]


def firing(rule: Rule, server: Server, moment: float, tenant: str) -> Alerts:
    """The labels for which a rule has been true for as long as it has to be, whenever it was looked at meanwhile."""
    looks = [moment - back * STEP for back in range(int(rule.for_ // STEP) + 1)]
    return set.intersection(*(_frozen(labels for labels, _ in server.query(rule.expr, look, tenant)) for look in looks))


def _frozen(alerts: Iterable[Labels]) -> Alerts:
    return {frozenset(labels.items()) for labels in alerts}


def _shown(alerts: Alerts) -> str:
    return " and ".join(sorted(str(dict(sorted(each))) for each in alerts)) or "nothing"


def rules() -> list[Rule]:
    """Every LogQL rule."""
    return [rule for group in loki.groups(FLEET) for rule in group.rules if isinstance(rule, Rule)]


@cache
def cases() -> tuple[Case, ...]:
    """All cases, in the order of the file."""
    known = {rule.name: rule for rule in rules()}
    return tuple(_case(known[name], each) for name, found in _read().items() for each in found)


def _case(rule: Rule, given: dict[str, Any]) -> Case:
    streams = tuple((stream["labels"], _moments(stream)) for stream in given["lines"])
    moments = {name: tuple(given.get(name, ())) for name in ("fires", "quiet")}
    return Case(rule, given["name"], streams, **moments, alerts=tuple(given.get("alerts", ())))


def _moments(stream: dict[str, Any]) -> tuple[float, ...]:
    return tuple(stream.get("at") or (stream["every"] * number for number in range(stream["count"])))


def _read() -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load(FILE.read_text())
