"""Shares of the traffic as weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.rollout.weights import MOST, shared

NAMES = st.lists(st.text("abc", min_size=1, max_size=3), unique=True, min_size=1, max_size=6)


@given(st.floats(0.05, 0.95), NAMES, NAMES)
def test_candidates_get_their_share_and_nobody_gets_nothing(share, mine, theirs):
    others = [f"other {name}" for name in theirs]
    weights = shared(share, mine, others)
    assert all(1 <= weight <= MOST for weight in weights.values())
    assert sum(weights[name] for name in mine) / sum(weights.values()) == pytest.approx(share, abs=0.03)


def test_who_is_alone_gets_all():
    assert shared(0.1, ["a", "b"], []) == {"a": 100, "b": 100}
