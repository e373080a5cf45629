"""The tests of alerts: those that people wrote, and those made at the boundaries. promtool's own form, read and made.

A file RULE.yaml, or RULE-MORE.yaml, has tests of one alert. boundaries.yaml says for each rule which series make it
fire and which just do not; from that follow tests a step before and at the moment from which it has to fire.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from monitoring.rules.rule import Rule
from monitoring.yaml_text import seconds
from tools.setup.paths import ROOT

FOLDER: Final = ROOT / "tests" / "monitoring" / "rules"
BOUNDARIES: Final = "boundaries.yaml"
KINDS: Final = ("alert_rule_test", "promql_expr_test")

Tests = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Boundary:
    """Series whose values make a rule fire from `begins` s on, and others that just do not; a value each `step` s.

    `alert` and `labels` say which rule is meant; without labels every rule of that name is.
    """

    alert: str
    labels: Mapping[str, str]
    series: tuple[str, ...]
    quiet: tuple[str, ...]
    fires: tuple[str, ...]
    begins: float
    step: float

    def about(self, rule: Rule) -> bool:
        """Whether it is about that rule."""
        return self.alert == rule.name and self.labels in ({}, rule.labels)

    def tests(self, rule: Rule) -> Tests:
        """The test file that follows: never with the one, and exactly on time with the others."""
        begins, step = self.begins, self.step
        due = begins + math.ceil(rule.for_ / step) * step
        early = [(due - step, 0)] if due >= step else []
        late = due + 20 * step
        return {
            "evaluation_interval": f"{step:g}s",
            "tests": [
                self._test("just not", self.quiet, [(due, 0), (late, 0)], rule),
                self._test("just so", self.fires, [*early, (due, 1)], rule),
            ],
        }

    def _test(self, name: str, values: tuple[str, ...], asked: list[tuple[float, int]], rule: Rule) -> dict[str, Any]:
        series = [{"series": each, "values": value} for each, value in zip(self.series, values, strict=True)]
        labels = ",".join(f'{key}="{value}"' for key, value in {"alertname": rule.name, **rule.labels}.items())
        firing = f'count(ALERTS{{{labels},alertstate="firing"}}) or vector(0)'
        queries = [{"expr": firing, "eval_time": f"{at:g}s", "exp_samples": [{"value": many}]} for at, many in asked]
        return {"name": name, "interval": f"{self.step:g}s", "input_series": series, "promql_expr_test": queries}


def boundaries(folder: Path = FOLDER) -> tuple[Boundary, ...]:
    """All boundaries."""
    return tuple(_boundary(each) for each in _read(folder / BOUNDARIES))


def written(alert: str, folder: Path = FOLDER) -> dict[str, Tests]:
    """The files with tests of an alert that people wrote, by their names."""
    paths = sorted([*folder.glob(f"{alert}.yaml"), *folder.glob(f"{alert}-*.yaml")])
    return {path.stem: _read(path) for path in paths}


def effort(tests: Tests) -> float:
    """How often rules are evaluated for a test file, which is what takes the time."""
    asked = (each for test in tests["tests"] for kind in KINDS for each in test.get(kind, ()))
    return max(seconds(each["eval_time"]) for each in asked) / seconds(tests["evaluation_interval"])


def made(rules: tuple[Rule, ...], found: tuple[Boundary, ...]) -> Iterator[Tests]:
    """The test files made at the boundaries of some rules."""
    for rule in rules:
        yield from (each.tests(rule) for each in found if each.about(rule))


def _boundary(given: Mapping[str, Any]) -> Boundary:
    series = given["series"]
    return Boundary(
        alert=given["alert"],
        labels=given.get("labels", {}),
        series=tuple(series),
        quiet=tuple(each["quiet"] for each in series.values()),
        fires=tuple(each["fires"] for each in series.values()),
        begins=seconds(given.get("begins", "0s")),
        step=seconds(given.get("step", "15s")),
    )


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())
