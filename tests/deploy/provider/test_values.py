"""Property values and plain ones: nothing is lost on the way, least of all that something is a secret."""

from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue

from deploy.provider.values import Secret, Unknown, plain, properties

TEXT = st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXT | TEXT.map(Secret),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def secrets(value):
    """Where in a plain value there are secrets."""
    if isinstance(value, dict):
        return {(name, *path) for name, inner in value.items() for path in secrets(inner)}
    if isinstance(value, list):
        return {(number, *path) for number, inner in enumerate(value) for path in secrets(inner)}
    return {()} if isinstance(value, Secret) else set()


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_plain_value_survives_the_way_over_the_wire_and_what_is_secret_stays_secret(values):
    sent = {name: value.marshal() for name, value in properties(values).items()}
    found = plain({name: PropertyValue.unmarshal(value) for name, value in sent.items()})
    assert found == values
    assert secrets(found) == secrets(values)


def test_everything_in_a_secret_map_or_list_is_secret():
    inner = PropertyValue({"a": PropertyValue("x"), "b": PropertyValue([PropertyValue("y")])})
    found = plain({"env": inner.with_secret(True)})
    assert secrets(found) == {("env", "a"), ("env", "b", 0)}


def test_a_secret_never_prints_itself():
    assert "hidden" not in repr({"env": [Secret("hidden")]})


def test_numbers_become_what_the_protocol_has():
    assert plain(properties({"port": 22}))["port"] == 22.0
    assert plain(properties({"lost": True}))["lost"] is True


def test_what_is_not_known_yet_stays_unknown():
    found = plain(properties({"plan": Unknown()}))
    assert isinstance(found["plan"], Unknown)
