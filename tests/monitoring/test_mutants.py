"""Mistakes put into rules on purpose, one at a time: the tests of alerts find them.

Some of them here, another part each day; all of them, with the figure, in `make test-monitoring`.
"""

import datetime

import pytest

from monitoring.rules.rule import Rule, Severity
from tests.monitoring.fleets import FLEET
from tools.monitoring.__main__ import ENOUGH
from tools.monitoring.mutants import mutants
from tools.monitoring.run import subjects, survivors

PARTS = 6


def rule(expression, for_=0.0):
    return Rule("X", expression, Severity.INFO, "", "", "logs", for_)


def told(expression, kind):
    return [each.told for each in mutants((rule(expression),)) if each.kind == kind]


@pytest.mark.promtool
def test_mistakes_put_in_on_purpose_are_found(tmp_path):
    part = datetime.date.today().toordinal() % PARTS
    every, alive = survivors(subjects(FLEET), FLEET, tmp_path, slice(part, None, PARTS))
    assert 1 - len(alive) / len(every) >= ENOUGH, "\n".join(
        f"{each.rule.name} {each.kind}: {each.told}" for each in alive
    )


def test_a_comparator_is_turned_round_and_moved_by_the_boundary():
    assert told("a > 7", "comparator") == ["a < 7", "a >= 7"]
    assert told("a == 7", "comparator") == ["a != 7"]


def test_a_threshold_is_moved_up_and_down():
    assert told("a > 8", "threshold") == ["a > 10", "a > 6.4"]
    assert told("a > 0", "threshold") == ["a > 1"]


def test_a_label_is_forgotten_turned_round_and_loses_one_of_its_values():
    assert told('a{b="c"}', "label") == ["a{}", 'a{b!="c"}']
    assert told('a{b=~"c|(d|e)f"}', "label")[2:] == [
        'a{b=~"other|(d|e)f"}',
        'a{b=~"c|(other|e)f"}',
        'a{b=~"c|(d|other)f"}',
        'a{b=~"c|(d|e)other"}',
    ]


def test_an_aggregation_becomes_another_one_or_groups_by_less():
    assert told("sum by (b, c) (a)", "aggregation") == ["max by (b, c) (a)", "sum by ( c) (a)", "sum by (b,) (a)"]


def test_ranges_and_operators_are_mistaken_too():
    assert told("rate(a[5m])", "window") == ["rate(a[600s])", "rate(a[150s])"]
    assert told("a unless on (b) c", "set") == ["a and on (b) c"]
    assert told("a / c", "arithmetic") == ["a * c"]


def test_a_rule_waits_not_at_all_half_as_long_or_twice_as_long():
    assert [each.changed.for_ for each in mutants((rule("a", 60.0),))] == [0.0, 30.0, 120.0]
    assert [each.changed.for_ for each in mutants((rule("a"),))] == [60.0]
