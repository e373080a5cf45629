"""Conditions: what is one, what meets it, and which two can not both be met."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.analysis.conditions import Condition, overlap, parse

NUMBERS = st.floats(-1e6, 1e6) | st.integers(-3, 3).map(float)
CONDITIONS = st.builds(Condition, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS)


@pytest.mark.parametrize(
    ("text", "meets", "misses"),
    [
        ("< 0.01", 0.009, 0.01),
        ("<=0.01", 0.01, 0.011),
        (" > 5 ", 5.1, 5),
        (">= -3", -3, -3.1),
        ("== 1", 1, 0),
        ("!= 0", 1, 0),
        ("< 1e-3", 0, 0.001),
        ("< .5", 0.4, 0.5),
    ],
)
def test_a_condition_is_a_comparison_and_a_number(text, meets, misses):
    condition = parse(text)
    assert condition.holds(meets)
    assert not condition.holds(misses)


@pytest.mark.parametrize(
    "text",
    ["", "0.01", "<", "=< 3", "= 1", "< 5 %", "< nan", "< inf", "< 1e999", "< 1 2", "result[0] < 1", "< 1\n> 0"],
)
def test_what_is_none_is_refused_with_how_one_looks(text):
    with pytest.raises(ValueError, match=r'as "< 0\.01"'):
        parse(text)


@given(CONDITIONS)
def test_a_condition_is_written_as_it_is_read(condition):
    assert parse(str(condition)) == condition


@given(CONDITIONS)
def test_what_is_not_a_number_meets_nothing(condition):
    assert not condition.holds(math.nan)


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ("< 0.01", ">= 0.01", False),
        ("< 0.01", "> 0.05", False),
        ("< 0.05", "> 0.01", True),
        ("<= 1", ">= 1", True),
        ("== 1", "== 0", False),
        ("== 1", "!= 1", False),
        ("!= 1", "!= 2", True),
        ("< 1", "< 2", True),
        ("== 0.5", "< 1", True),
    ],
)
def test_two_that_some_number_meets_overlap(a, b, both):
    assert overlap(parse(a), parse(b)) is both
    assert overlap(parse(b), parse(a)) is both


@given(CONDITIONS, CONDITIONS, NUMBERS)
def test_what_meets_both_shows_that_they_overlap(a, b, value):
    assert overlap(a, b) or not (a.holds(value) and b.holds(value))
