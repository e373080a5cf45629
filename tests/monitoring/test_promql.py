"""PromQL in tokens, and the names in it."""

import pytest

from monitoring.promql import names, text, tokens
from monitoring.rules import groups
from tests.monitoring.fleets import FLEET


@pytest.mark.parametrize("rule", [rule for group in groups(FLEET) for rule in group.rules], ids=lambda rule: rule.name)
def test_the_tokens_of_a_rule_are_the_rule(rule):
    assert text(tokens(rule.expr)) == rule.expr


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("up == 0", {"up": set()}),
        ('up{job="a",host!~"b.*"} == 0', {"up": {"job", "host"}}),
        ('sum by (instance, le) (rate(a_total{b="by (x)"}[5m]))', {"a_total": {"b", "instance", "le"}}),
        ("a / on (c) b > 1e3", {"a": {"c"}, "b": {"c"}}),
        ("count(x:y) by (z)", {"x:y": {"z"}}),
        ("vector(1)", {}),
        ("time() - a{} > 300 or b unless on (i) c", {"a": {"i"}, "b": {"i"}, "c": {"i"}}),
    ],
)
def test_metrics_are_found_with_the_labels_they_need(expression, found):
    assert {metric: set(labels) for metric, labels in names(expression).items()} == found


def test_what_is_no_promql_is_refused():
    with pytest.raises(ValueError, match="no PromQL"):
        tokens("up == $x")
