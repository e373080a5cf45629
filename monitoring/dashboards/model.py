"""The words in which dashboards are written: a panel is data, from which Grafana's and the terminal's view are made."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from deploy.settings.specs import FleetSpec, NoSource
from monitoring.yaml_text import duration


class Source(StrEnum):
    """Who answers a query: the type of a datasource in Grafana, and its uid there."""

    PROMETHEUS = "prometheus"
    LOKI = "loki"


class Unit(StrEnum):
    """What a value is, by Grafana's name for it."""

    COUNT = "short"
    REQUESTS = "reqps"
    PER_SECOND = "cps"
    RATIO = "percentunit"
    SECONDS = "s"
    BYTES = "bytes"
    TEXT = "string"


class View(StrEnum):
    """How a panel is drawn, by the name of Grafana's plugin."""

    STAT = "stat"
    GRAPH = "timeseries"
    STATES = "state-timeline"
    LOGS = "logs"


class Colour(StrEnum):
    """What a value means: as it should be, worth a look, not as it should be, or no judgement."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and the name of its series; {{label}} in `legend` is the value of a label.

    $instance (a regular expression) and $search (a text) in the expression are for `filled`.
    """

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold: values from `least` on have the colour; None is for all below the first."""

    least: float | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Word:
    """What is shown instead of a value."""

    value: float
    text: str
    colour: Colour


NEUTRAL: Final = (Mark(None, Colour.BLUE),)


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of the dashboard with the uid `dashboard`.

    `nothing` is shown where there is no value, or none that is a number (a ratio of nothing). `width` (of 24) and
    `height` are in units of Grafana's grid.
    """

    dashboard: str
    title: str
    description: str
    unit: Unit
    queries: tuple[Query, ...]
    view: View = View.GRAPH
    source: Source = Source.PROMETHEUS
    marks: tuple[Mark, ...] = NEUTRAL
    words: tuple[Word, ...] = ()
    nothing: str = "no data"
    width: int = 8
    height: int = 7

    @property
    def expressions(self) -> tuple[str, ...]:
        """What is asked, in order."""
        return tuple(query.expression for query in self.queries)

    @property
    def datasource(self) -> str:
        """The uid of the datasource that is asked."""
        return self.source.value


@dataclass(frozen=True, slots=True)
class Scope:
    """All of a fleet that its panels depend on.

    `loki`: whether there are logs. `monitors`: how many. `every`: s between two scrapes. `days`: how long metrics are
    kept. `objective`: percent of webhooks that are to be delivered.
    """

    loki: bool = False
    monitors: int = 1
    every: float = 15.0
    days: int = 15
    objective: float = 99.9

    @classmethod
    def of(cls, fleet: FleetSpec) -> Self:
        """That of a fleet."""
        wanted = fleet.monitoring
        return cls(
            loki=not isinstance(wanted.loki.source, NoSource),
            monitors=len(fleet.monitors),
            every=wanted.prometheus.every,
            days=wanted.prometheus.retention_days,
            objective=wanted.objective,
        )

    @property
    def window(self) -> str:
        """The range of rates: 5 minutes, or what holds four scrapes if that is longer."""
        return duration(max(300.0, 4 * self.every))

    @property
    def budget_days(self) -> int:
        """The days over which the error budget is counted: 30, or as far back as metrics go."""
        return min(30, self.days)

    @property
    def target(self) -> float:
        """The objective as a ratio."""
        return round(self.objective / 100, 6)


def filled(expression: str, instance: str = ".+", search: str = "") -> str:
    """An expression as it can be asked, for the instances that the regular expression `instance` matches."""
    return expression.replace("$instance", instance).replace("$search", search)
