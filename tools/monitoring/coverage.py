"""What the tests of alerts cover: whether each rule was seen to fire, to be quiet, to resolve, and what it then said.

Read from the tests that people wrote, which promtool has to pass. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from monitoring.rules.rule import Rule
from tools.monitoring.cases import Boundary, Tests

ANNOTATIONS: Final = ("summary", "description", "dashboard_url", "runbook_url")
_WORDS: Final = {True: "yes", False: "NO", None: "-"}
_HEAD: Final = ("ALERT", "LABELS", "FIRES", "QUIET", "RESOLVES", "TEMPLATE", "BOUNDARY")


@dataclass(frozen=True, slots=True)
class Row:
    """What was seen of one rule; None is what can not be seen of a rule that always fires."""

    alert: str
    labels: str
    fires: bool
    quiet: bool | None
    resolves: bool | None
    template: bool
    boundary: bool | None

    @property
    def seen(self) -> tuple[bool | None, ...]:
        """All of it."""
        return (self.fires, self.quiet, self.resolves, self.template, self.boundary)


def row(rule: Rule, files: Iterable[Tests], boundaries: Iterable[Boundary]) -> Row:
    """What was seen of a rule."""
    groups = [_moments(rule, test) for tests in files for test in tests["tests"] if "alert_rule_test" in test]
    always = rule.expr.startswith("vector(")
    fired = [alert for group in groups for moment in group for alert in moment]
    return Row(
        alert=rule.name,
        labels=" ".join(rule.labels.values()),
        fires=bool(fired),
        quiet=None if always else any(not any(group) for group in groups),
        resolves=None if always else any(_ends(group) for group in groups),
        template=bool(fired) and all(_rendered(alert) for alert in fired),
        boundary=None if always else any(each.about(rule) for each in boundaries),
    )


def holes(rows: Iterable[Row]) -> list[str]:
    """The alerts of which something was never seen."""
    return [f"{each.alert} ({each.labels})" for each in rows if False in each.seen]


def table(rows: Iterable[Row]) -> str:
    """The rows for people."""
    lines = [_HEAD, *((each.alert, each.labels, *(_WORDS[seen] for seen in each.seen)) for each in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{word:{width}}" for word, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _moments(rule: Rule, test: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    """The alerts of this rule that are expected at each moment of a test, in order."""
    asked = [each for each in test["alert_rule_test"] if each["alertname"] == rule.name]
    return [[alert for alert in each.get("exp_alerts", []) if _is_of(alert, rule)] for each in asked]


def _is_of(alert: Mapping[str, Any], rule: Rule) -> bool:
    """Whether an alert has the labels of the rule, and not those of another one with its name."""
    return {key: alert["exp_labels"].get(key) for key in ("severity", "path")} == {"path": None, **rule.labels}


def _ends(group: list[list[Mapping[str, Any]]]) -> bool:
    return any(before and not after for before, after in pairwise(group))


def _rendered(alert: Mapping[str, Any]) -> bool:
    found = [str(alert.get("exp_annotations", {}).get(name, "")) for name in ANNOTATIONS]
    return all(found) and not any("{{" in text or "<no value>" in text or "<error" in text for text in found)
