"""The keys of a preview: one line a thing that differs, and none for what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.provider.difference import ADD, DELETE, UPDATE, detailed

CASES = [
    ({}, {}, {}),
    ({"a": 1}, {"a": 1}, {}),
    ({"a": 1}, {"a": 2}, {"a": UPDATE}),
    ({}, {"a": 1}, {"a": ADD}),
    ({"a": 1}, {}, {"a": DELETE}),
    ({"a": None}, {"a": 0}, {"a": ADD}),
    (
        {"a": {"/x": "1", "/y": "1"}},
        {"a": {"/x": "2", "/z": "1"}},
        {
            'a["/x"]': UPDATE,
            'a["/y"]': DELETE,
            'a["/z"]': ADD,
        },
    ),
    ({"a": {}}, {"a": {"k": "v"}}, {'a["k"]': ADD}),
    ({"a": None}, {"a": {"k": "v"}}, {"a": ADD}),
    ({"a": [1]}, {"a": [2]}, {"a": UPDATE}),
    ({"other": 1}, {"other": 2}, {}),
]


@pytest.mark.parametrize(("old", "new", "found"), CASES)
def test_what_differs_is_named(old, new, found):
    assert detailed(old, new, ("a",)) == found


MAPS = st.dictionaries(
    st.sampled_from("ab"), st.none() | st.text(max_size=1) | st.dictionaries(st.text(max_size=1), st.text(max_size=1))
)


@given(MAPS, MAPS)
def test_there_is_a_line_exactly_when_something_differs(old, new):
    differs = any(old.get(name) != new.get(name) for name in "ab")
    assert bool(detailed(old, new, "ab")) == differs


@given(MAPS, MAPS)
def test_the_way_back_has_the_same_lines_with_what_is_added_and_deleted_exchanged(old, new):
    exchanged = {ADD: DELETE, DELETE: ADD, UPDATE: UPDATE}
    assert detailed(new, old, "ab") == {key: exchanged[kind] for key, kind in detailed(old, new, "ab").items()}
