"""What a rollout will do: cases as a table, and what holds for every plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.manifest.running import NOTHING
from deploy.rollout.plan import Kind, Target, make_plan

NAMES, HOSTS, GENERATIONS = ("a", "b", "c"), ("h1", "h2", "h3"), ("1.0-x", "1.1-y")
ON_H1 = {"a": "h1"}
CASES = [
    ("nothing wanted, nothing found", Target({}, {}), Target({}, {}), ()),
    ("a first time", Target({}, {}), Target({"a": "1.0-x"}, ON_H1), ("activate a on h1: nothing -> 1.0-x",)),
    ("as wanted", Target({"a": "1.0-x"}, ON_H1), Target({"a": "1.0-x"}, ON_H1), ()),
    (
        "another generation",
        Target({"a": "1.0-x"}, ON_H1),
        Target({"a": "1.1-y"}, ON_H1),
        ("activate a on h1: 1.0-x -> 1.1-y",),
    ),
    (
        "drift of what is wanted",
        Target({"a": "1.0-x (inactive)"}, ON_H1),
        Target({"a": "1.0-x"}, ON_H1),
        ("activate a on h1: again 1.0-x, found as 1.0-x (inactive)",),
    ),
    (
        "a move to another host",
        Target({"a": "1.0-x"}, ON_H1),
        Target({"a": "1.0-x"}, {"a": "h2"}),
        ("activate a on h2: nothing -> 1.0-x", "stop a on h1, which ran 1.0-x"),
    ),
    ("no longer wanted", Target({"a": "1.0-x"}, ON_H1), Target({}, {}), ("stop a on h1, which ran 1.0-x",)),
    (
        "renamed",
        Target({"a": "1.0-x"}, ON_H1),
        Target({"b": "1.0-x"}, {"b": "h1"}),
        ("activate b on h1: nothing -> 1.0-x", "stop a on h1, which ran 1.0-x"),
    ),
    (
        "several, by name, stops last",
        Target({"z": "1.0-x", "a": "1.0-x"}, {"z": "h1", "a": "h2"}),
        Target({"c": "1.1-y", "a": "1.1-y"}, {"c": "h1", "a": "h2"}),
        (
            "activate a on h2: 1.0-x -> 1.1-y",
            "activate c on h1: nothing -> 1.1-y",
            "stop z on h1, which ran 1.0-x",
        ),
    ),
]


@pytest.mark.parametrize(("found", "wanted", "steps"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_plan_says_every_step(found, wanted, steps):
    assert make_plan(found, wanted).lines() == tuple(f"{number}. {step}" for number, step in enumerate(steps, start=1))


@pytest.mark.parametrize(("found", "wanted"), [case[1:3] for case in CASES], ids=[case[0] for case in CASES])
def test_where_every_host_is_lost_there_is_nothing_to_do(found, wanted):
    assert make_plan(found, wanted, frozenset({"h1", "h2"})).steps == ()


@st.composite
def targets(draw, phrases):
    placement = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(HOSTS)))
    return Target({name: draw(st.sampled_from(phrases)) for name in placement}, placement)


FOUND = targets((*GENERATIONS, "1.0-x (inactive)", "1.1-y (edited by hand, failed)", NOTHING))
WANTED = targets(GENERATIONS)
LOST = st.frozensets(st.sampled_from(HOSTS), max_size=2)


def world(target):
    """What runs where."""
    return {(target.placement[name], name): phrase for name, phrase in target.instances.items()}


def carried_out(found, plan):
    """What runs where after the plan."""
    after = world(found)
    for step in plan.steps:
        if step.kind is Kind.STOP:
            assert after.pop((step.host, step.instance)) == step.before
        else:
            assert after.get((step.host, step.instance), NOTHING) == step.before
            after[step.host, step.instance] = step.generation
    return after


@given(FOUND, WANTED, LOST)
def test_after_the_plan_everything_is_as_wanted_and_lost_hosts_as_they_were(found, wanted, lost):
    after = carried_out(found, make_plan(found, wanted, lost))
    assert {place: what for place, what in after.items() if place[0] not in lost} == {
        place: what for place, what in world(wanted).items() if place[0] not in lost
    }
    assert {place: what for place, what in after.items() if place[0] in lost} == {
        place: what for place, what in world(found).items() if place[0] in lost
    }


@given(FOUND, WANTED, LOST)
def test_what_is_as_wanted_is_not_touched(found, wanted, lost):
    touched = {(step.host, step.instance) for step in make_plan(found, wanted, lost).steps}
    assert not touched & {place for place, what in world(found).items() if world(wanted).get(place) == what}


@given(WANTED, LOST)
def test_a_second_plan_is_empty(wanted, lost):
    assert make_plan(wanted, wanted, lost).steps == ()


@given(FOUND, WANTED, LOST)
def test_activations_and_stops_are_all_steps_and_activations_come_first(found, wanted, lost):
    plan = make_plan(found, wanted, lost)
    assert plan.steps == (*plan.activations, *plan.stops)


def test_a_step_that_starts_from_drift_knows_that_it_is_the_same_generation():
    (step,) = make_plan(Target({"a": "1.0-x (failed)"}, ON_H1), Target({"a": "1.0-x"}, ON_H1)).steps
    assert "again 1.0-x" in str(step)
