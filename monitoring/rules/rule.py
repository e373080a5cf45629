"""What an alert is, as a typed value, and how it becomes an entry of a rule file. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from deploy.settings.specs import FleetSpec
from monitoring.yaml_text import duration

DIRECT: Final = "direct"
"""The value of the label `path` of alerts that the threaders themselves may not be able to deliver."""


class Severity(StrEnum):
    """How soon somebody has to look: now, today, some day, never."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert of Prometheus: fires when `expr` has given something for `for_` s without a break.

    `summary` and `description` are templates of Prometheus; `dashboard` is the uid of the dashboard to look at.
    `direct`: it goes past the threaders, since they may be what is broken.
    """

    name: str
    expr: str
    severity: Severity
    summary: str
    description: str
    dashboard: str
    for_: float = 0
    direct: bool = False

    @property
    def labels(self) -> dict[str, str]:
        """The labels that it adds to those of the expression."""
        return {"severity": str(self.severity), **({"path": DIRECT} if self.direct else {})}

    def entry(self, fleet: FleetSpec) -> dict[str, Any]:
        """The rule as a rule file has it."""
        waits = {"for": duration(self.for_)} if self.for_ else {}
        return {
            "alert": self.name,
            "expr": self.expr,
            **waits,
            "labels": self.labels,
            "annotations": self.annotations(fleet),
        }

    def annotations(self, fleet: FleetSpec) -> Mapping[str, str]:
        """What is said to people, and where they read on."""
        return {
            "summary": self.summary,
            "description": self.description,
            "dashboard_url": f"{fleet.monitoring.grafana.external_url or ''}/d/{self._page()}",
            "runbook_url": f"{fleet.monitoring.runbooks.rstrip('/')}/{self.name}.md",
        }

    def _page(self) -> str:
        return "instance?var-instance={{ $labels.instance }}" if self.dashboard == "instance" else self.dashboard


@dataclass(frozen=True, slots=True)
class Recording:
    """A value of which several alerts are made, calculated once."""

    name: str
    expr: str

    def entry(self, _: FleetSpec) -> dict[str, Any]:
        """The rule as a rule file has it."""
        return {"record": self.name, "expr": self.expr}


@dataclass(frozen=True, slots=True)
class Group:
    """Rules of one theme, evaluated one after another; they lie in a file of that name."""

    name: str
    rules: tuple[Rule | Recording, ...]

    def content(self, fleet: FleetSpec) -> dict[str, Any]:
        """The rule file."""
        return {"groups": [{"name": self.name, "rules": [rule.entry(fleet) for rule in self.rules]}]}


def window(fleet: FleetSpec) -> str:
    """The range over which counters are looked at: 5 minutes, and always some scrapes."""
    return duration(max(300.0, 4 * fleet.monitoring.prometheus.every))
