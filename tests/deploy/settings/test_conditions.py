import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from deploy.settings.conditions import condition, opposite, overlap

WORDS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
CONDITIONS = st.builds("{} {}".format, st.sampled_from(list(WORDS)), st.integers(-3, 3))
VALUES = [number / 2 for number in range(-10, 11)]


def holds(text, value):
    word, number = text.split()
    return WORDS[word](value, float(number))


@pytest.mark.parametrize(
    ("written", "read"), [("<0.01", "< 0.01"), ("  >=  -1.50 ", ">= -1.50"), ("==0", "== 0"), ("!= 3", "!= 3")]
)
def test_a_condition_is_a_comparison_and_a_number(written, read):
    assert condition(written) == condition(read) == read


@pytest.mark.parametrize("written", ["", "5", "= 5", "< x", "<", "< 1e3", "< 0x1", "< .5", "< inf", "< 1 or > 2", 5])
def test_anything_else_is_none(written):
    with pytest.raises(PydanticCustomError):
        condition(written)


@given(CONDITIONS, CONDITIONS)
def test_conditions_overlap_where_a_value_meets_both(one, other):
    found = overlap(one, other)
    assert (found is not None) == any(holds(one, value) and holds(other, value) for value in VALUES)
    assert found is None or (holds(one, float(found)) and holds(other, float(found)))


@given(CONDITIONS)
def test_the_opposite_holds_for_all_other_values(one):
    assert overlap(one, opposite(one)) is None
    assert all(holds(one, value) != holds(opposite(one), value) for value in VALUES)
