import re

import pytest

from monitoring.dashboards import PAGES, Scope, Source, View, filled, panels, panels_of, terms
from tests.monitoring.dashboards.exported import TARGET, exported
from tests.monitoring.dashboards.expressions import grouped, metrics
from tests.monitoring.dashboards.fleets import EVERY_KIND, fleet

KNOWN = exported()
STREAMS = {"job", "instance", "impl", "level", "host", "unit"}
"""The labels of log lines."""
ASKED = sorted(
    {(panel.source, expression) for each in EVERY_KIND for panel in panels(each) for expression in panel.expressions}
)
PROMETHEUS = [expression for source, expression in ASKED if source is Source.PROMETHEUS]
LOKI = [expression for source, expression in ASKED if source is Source.LOKI]


@pytest.mark.parametrize("expression", PROMETHEUS)
def test_every_metric_and_label_is_one_that_somebody_exports(expression):
    named = metrics(expression)
    assert named.keys() - KNOWN.keys() == set()
    for name, labels in named.items():
        assert labels - KNOWN[name] - TARGET == set(), name
    if named:
        there = {"le", *TARGET}.union(*(KNOWN[name] for name in named))
        assert grouped(expression) - there == set()


@pytest.mark.parametrize("expression", LOKI)
def test_every_stream_of_the_logs_is_one_that_is_shipped(expression):
    [labels] = metrics(expression.split("|=")[0]).values()
    assert labels <= STREAMS and "job" in labels
    assert grouped(expression) <= STREAMS
    assert re.findall(r'job="(\w+)"', expression)[0] in ("alert_threader", "alert_threader_fleet")


def test_an_unknown_metric_and_an_unknown_label_are_found():
    assert metrics('sum by (x) (rate(http_request_total{path="/a",cod=~"5.."}[300s])) or vector(0)') == {
        "http_request_total": {"path", "cod"}
    }
    assert metrics("time() - max by (instance) (a:b > 0) / on (host) group_left (v) c") == {"a:b": set(), "c": set()}
    assert grouped("sum by (x, y) (a) * on (z) group_left (v) b") == {"x", "y", "z", "v"}


@pytest.mark.parametrize("expression", [expression for _, expression in ASKED])
def test_braces_and_quotes_are_in_pairs_and_what_is_chosen_gets_filled_in(expression):
    asked = filled(expression, "py-a", "failed")
    assert "$" not in asked
    for pair in ("()", "{}", "[]"):
        assert asked.count(pair[0]) == asked.count(pair[1])
    assert asked.count('"') % 2 == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.uid)
def test_each_dashboard_makes_the_panels_of_its_own_uid(page):
    made = panels_of(Scope(loki=True), page.uid)
    assert {panel.dashboard for panel in made} == {page.uid}
    assert set(made) <= set(panels_of(Scope(loki=True)))


def test_rates_span_at_least_four_scrapes():
    assert Scope.of(fleet()).window == "5m"
    assert Scope.of(EVERY_KIND[3]).window == "20m"


def test_the_budget_is_counted_over_no_more_than_is_kept():
    titles = [panel.title for panel in panels(fleet())]
    assert "Budget left, 15 days" in titles
    assert "Budget left, 30 days" in [panel.title for panel in panels(EVERY_KIND[3])]


def test_the_promise_of_the_settings_is_in_the_queries():
    text = "".join(expression for panel in panels(EVERY_KIND[3]) for expression in panel.expressions)
    assert "vector(0.99)" in text and "(1 - 0.99)" in text


def test_only_a_pair_of_alertmanagers_has_to_agree():
    def titles(*arguments):
        return {panel.title for panel in panels(fleet(*arguments))}

    assert titles(2) - titles(1) == {"Alertmanagers that agree"}


def test_only_lines_of_logs_are_shown_without_numbers():
    for panel in panels(fleet()):
        assert (panel.view is View.LOGS) == (panel.unit == "string" and panel.source is Source.LOKI), panel.title


@pytest.mark.parametrize(
    ("server", "slot"), [("py-a.app-1.9009", False), ("py-a--prev.app-1.10009", True), ("a.odd--prev.h.9009", False)]
)
def test_second_slots_are_counted_only_while_they_serve(server, slot):
    instances, slots = re.findall(r'server(?:!~|=~)"([^"]*)"', terms.SERVERS)
    assert instances == slots
    assert bool(re.fullmatch(slots, server)) == slot
    assert terms.SERVERS.endswith(',state="UP"}')
