"""What a rollout will do: cases as a table, and what holds for every two targets."""

import pytest
from hypothesis import given

from deploy.manifest.running import NOTHING
from deploy.rollout.plan import Batch, Kind, Limits, Plan, Step, Target, steps_between
from tests.deploy.rollout.targets import FOUND, LOST, WANTED, world

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
        "another generation at another port",
        Target({"a": "1.0-x"}, ON_H1, {"a": 9001}),
        Target({"a": "1.1-y"}, ON_H1, {"a": 9002}),
        ("activate a on h1: 1.0-x -> 1.1-y, port 9001 -> 9002",),
    ),
    (
        "drift of what is wanted",
        Target({"a": "1.0-x (inactive)"}, ON_H1),
        Target({"a": "1.0-x"}, ON_H1),
        ("activate a on h1: again 1.0-x, found as 1.0-x (inactive)",),
    ),
    (
        "what is only drained is not started again",
        Target({"a": "1.0-x (drained at e1, drained at e2)"}, ON_H1),
        Target({"a": "1.0-x"}, ON_H1),
        ("admit a on h1 to traffic again, found as 1.0-x (drained at e1, drained at e2)",),
    ),
    (
        "what is drained and amiss is",
        Target({"a": "1.0-x (failed, drained at e1)"}, ON_H1),
        Target({"a": "1.0-x"}, ON_H1),
        ("activate a on h1: again 1.0-x, found as 1.0-x (failed, drained at e1)",),
    ),
    (
        "what is drained and wanted otherwise is activated",
        Target({"a": "1.0-x (drained at e1)"}, ON_H1),
        Target({"a": "1.1-y"}, ON_H1),
        ("activate a on h1: 1.0-x (drained at e1) -> 1.1-y",),
    ),
    (
        "a move to another host",
        Target({"a": "1.0-x"}, ON_H1),
        Target({"a": "1.0-x"}, {"a": "h2"}),
        ("activate a on h2: nothing -> 1.0-x", "stop a on h1, which ran 1.0-x"),
    ),
    (
        "a move of which half is done",
        Target({"a": "1.0-x"}, ON_H1, arrived={"a": "1.1-y (failed)"}),
        Target({"a": "1.1-y"}, {"a": "h2"}),
        ("activate a on h2: again 1.1-y, found as 1.1-y (failed)", "stop a on h1, which ran 1.0-x"),
    ),
    (
        "a move of which half is done, to another port",
        Target({"a": "1.0-x"}, ON_H1, {"a": 9001}, {"a": "1.1-y"}, {"a": 9002}),
        Target({"a": "1.2-z"}, {"a": "h2"}, {"a": 9003}),
        ("activate a on h2: 1.1-y -> 1.2-z, port 9002 -> 9003", "stop a on h1, which ran 1.0-x"),
    ),
    (
        "a move of which only the stop is left",
        Target({"a": "1.0-x"}, ON_H1, arrived={"a": "1.1-y"}),
        Target({"a": "1.1-y"}, {"a": "h2"}),
        ("stop a on h1, which ran 1.0-x",),
    ),
    ("no longer wanted", Target({"a": "1.0-x"}, ON_H1), Target({}, {}), ("stop a on h1, which ran 1.0-x",)),
    (
        "renamed",
        Target({"a": "1.0-x"}, ON_H1),
        Target({"b": "1.0-x"}, {"b": "h1"}),
        ("activate b on h1: nothing -> 1.0-x", "stop a on h1, which ran 1.0-x"),
    ),
    (
        "several, by name, since maps may have lost their order",
        Target({"z": "1.0-x", "y": "1.0-x", "a": "1.0-x"}, {"z": "h1", "y": "h1", "a": "h2"}),
        Target({"c": "1.1-y", "a": "1.1-y"}, {"c": "h1", "a": "h2"}),
        (
            "activate a on h2: 1.0-x -> 1.1-y",
            "activate c on h1: nothing -> 1.1-y",
            "stop y on h1, which ran 1.0-x",
            "stop z on h1, which ran 1.0-x",
        ),
    ),
]


@pytest.mark.parametrize(("found", "wanted", "steps"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_difference_is_a_step(found, wanted, steps):
    assert tuple(map(str, steps_between(found, wanted, frozenset()))) == steps


@pytest.mark.parametrize(("found", "wanted"), [case[1:3] for case in CASES], ids=[case[0] for case in CASES])
def test_where_every_host_is_lost_there_is_nothing_to_do(found, wanted):
    assert steps_between(found, wanted, frozenset({"h1", "h2"})) == ()


def carried_out(found, wanted, steps):
    """What runs where after the steps."""
    after = world(found)
    arrived = {(wanted.placement[name], name): phrase for name, phrase in found.arrived.items()}
    after |= {place: phrase for place, phrase in arrived.items() if place not in after}
    for step in steps:
        if step.kind is Kind.STOP:
            assert after.pop((step.host, step.instance)) == step.before
        else:
            assert after.get((step.host, step.instance), NOTHING) == step.before
            after[step.host, step.instance] = step.generation
    return after


@given(FOUND, WANTED, LOST)
def test_after_the_steps_everything_is_as_wanted_and_lost_hosts_are_left_out(found, wanted, lost):
    steps = steps_between(found, wanted, lost)
    after = carried_out(found, wanted, steps)
    assert {place: what for place, what in after.items() if place[0] not in lost} == {
        place: what for place, what in world(wanted).items() if place[0] not in lost
    }
    assert not [step for step in steps if step.host in lost]


@given(FOUND, WANTED, LOST)
def test_what_is_as_wanted_is_not_touched(found, wanted, lost):
    touched = {(step.host, step.instance) for step in steps_between(found, wanted, lost)}
    assert not touched & {place for place, what in world(found).items() if world(wanted).get(place) == what}


@given(FOUND, WANTED, LOST)
def test_what_is_only_drained_is_admitted_and_nothing_else_is(found, wanted, lost):
    for step in steps_between(found, wanted, lost):
        drained = step.before.startswith(f"{step.generation} (drained at ") and "failed" not in step.before
        assert (step.kind is Kind.ADMIT) == drained


@given(WANTED, LOST)
def test_a_second_time_there_is_nothing_to_do(wanted, lost):
    assert steps_between(wanted, wanted, lost) == ()


STEP = Step(Kind.ACTIVATE, "a", "h1", "1.0-x", "1.1-y", 9002, 9001)


@pytest.mark.parametrize(
    ("step", "left", "reached"),
    [
        (STEP, "a.h1.9001", "a.h1.9002"),
        (Step(Kind.ACTIVATE, "a", "h1", "nothing", "1.1-y", 9002), None, "a.h1.9002"),
        (Step(Kind.ACTIVATE, "a", "h1", "1.0-x", "1.1-y", 9002), None, "a.h1.9002"),
        (Step(Kind.STOP, "a", "h1", "1.0-x", "nothing", port_before=9001), "a.h1.9001", None),
        (Step(Kind.STOP, "a", "h1", "1.0-x", "nothing"), None, None),
        (Step(Kind.ADMIT, "a", "h1", "1.1-y (drained at e1)", "1.1-y", 9001, 9001), "a.h1.9001", "a.h1.9001"),
    ],
)
def test_edges_know_a_place_by_instance_host_and_port(step, left, reached):
    assert (step.server_before, step.server) == (left, reached)


@pytest.mark.parametrize(
    ("kind", "before", "costs"),
    [
        (Kind.ACTIVATE, "1.0-x", True),
        (Kind.ACTIVATE, "1.0-x (unconfirmed)", True),
        (Kind.ACTIVATE, "1.0-x (edited by hand)", True),
        (Kind.ACTIVATE, "1.0-x (restart pending)", True),
        (Kind.ACTIVATE, "1.0-x (drained at e1)", True),
        (Kind.ACTIVATE, "1.0-x (failed)", False),
        (Kind.ACTIVATE, "1.0-x (unverified: unreachable)", False),
        (Kind.ACTIVATE, "nothing", False),
        (Kind.STOP, "1.0-x", False),
        (Kind.ADMIT, "1.0-x (drained at e1)", False),
    ],
)
def test_only_what_takes_away_a_wanted_one_that_serves_costs(kind, before, costs):
    assert Step(kind, "a", "h1", before, "1.1-y").costs == costs


@pytest.mark.parametrize(
    ("limits", "size"),
    [
        (Limits(), None),
        (Limits(batch=3), 3),
        (Limits(max_unavailable=2), 2),
        (Limits(3, 2), 2),
        (Limits(2, 3), 2),
    ],
)
def test_the_narrower_limit_counts(limits, size):
    assert limits.size == size


def test_a_plan_reads_as_a_numbered_list_of_batches():
    other = Step(Kind.STOP, "z", "h1", "1.0-x", "nothing")
    plan = Plan((Batch((STEP,)), Batch((STEP, other), "a takes something over"), Batch((STEP, other))))
    assert plan.lines() == (
        f"1. {STEP}",
        "2. together, since a takes something over:",
        f"   {STEP}",
        f"   {other}",
        "3. side by side:",
        f"   {STEP}",
        f"   {other}",
    )
    assert plan.steps == (STEP, STEP, other, STEP, other)
