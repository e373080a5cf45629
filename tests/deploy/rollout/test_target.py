"""Where a fleet can go back to."""

import re

import pytest

from deploy.rollout.order import make_plan
from deploy.rollout.plan import Target
from deploy.rollout.target import NoWayBack, Seen, choose, possible
from tests.deploy.rollout.records import PLACES, PORTS, both, instance, record, release, snapshots

THREE = [*both(1, "1.0.0"), *both(2, "1.0.1"), *both(3, "1.0.2")]


def seen(runs="1.0.2", kept=("1.0.0", "1.0.1"), rollouts=THREE, **more):
    silent, edges = more.pop("silent", frozenset()), more.pop("edges", ())
    return Seen(snapshots(runs, kept, rollouts, **more), silent, edges)


def planned(found, rollout):
    wanted = Target(rollout.instances, rollout.placement, rollout.ports)
    return make_plan(found.target(rollout), wanted).lines()


@pytest.mark.parametrize(
    ("to", "steps", "meant"),
    [(None, 1, "r2"), (None, 2, "r1"), ("1.0.0", 1, "r1"), ("r1", 1, "r1"), ("1.0.2", 1, "r3")],
)
def test_a_state_is_meant_by_steps_by_its_release_or_by_its_rollout(to, steps, meant):
    assert choose(seen(), to, steps).id == meant


REFUSED = [
    (
        "too many steps",
        {},
        None,
        3,
        "remember 2 states before the one that runs now; it can go to r2 (1.0.1), r1 (1.0.0)",
    ),
    (
        "nothing before",
        {"rollouts": both(3, "1.0.2")},
        None,
        1,
        "no state before the one that runs now, and there is nothing else",
    ),
    (
        "unknown",
        {},
        "0.9",
        1,
        "the hosts remember no rollout 0.9, and no successful one of a release 0.9; it can go to",
    ),
    (
        "failed",
        {"rollouts": [*both(1), *both(4, "1.0.3", "failed")]},
        "r4",
        1,
        "r4 was never a state of the fleet: failed",
    ),
    (
        "interrupted",
        {"rollouts": [*both(1), record(4, "begun", "1.0.3")]},
        "r4",
        1,
        "never a state of the fleet: interrupted",
    ),
    (
        "not kept",
        {"kept": ("1.0.0",)},
        None,
        1,
        "r2 (1.0.1): py-a ran 1.0.1-aaaaaaaaaa, which app-1 does not keep any more; it can go to r1 (1.0.0)",
    ),
    (
        "edited by hand",
        {"py-b": instance("1.0.2-bbbbbbbbbb", ["1.0.1-bbbbbbbbbb"], damaged=["env"])},
        None,
        1,
        "py-b ran 1.0.1-bbbbbbbbbb, which was edited by hand on app-2",
    ),
    (
        "on a host that left",
        {"rollouts": [*both(1, placement={"py-a": "app-1", "py-b": "app-9"}), *both(3, "1.0.2")]},
        None,
        1,
        "it had py-b on app-9, which is no host of the fleet any more",
    ),
]


@pytest.mark.parametrize(("world", "to", "steps", "why"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_where_a_state_can_not_be_gone_to_the_reason_and_the_others_are_told(world, to, steps, why):
    with pytest.raises(NoWayBack, match=re.escape(why)) as refused:
        choose(seen(**world), to, steps)
    assert "; next: " in str(refused.value)


def test_what_can_be_gone_to_is_what_is_kept_and_not_what_runs():
    assert [each.id for each in possible(seen())] == ["r2", "r1"]
    assert [each.id for each in possible(seen(kept=()))] == []


def test_a_host_that_is_left_out_is_not_asked_what_it_keeps():
    found = seen(kept=("1.0.1",), silent=frozenset({"app-2"}))
    partly = Seen({"app-1": found.snapshots["app-1"]}, found.silent)
    assert choose(partly, None, 1).id == "r2"


def test_what_an_edge_drained_is_found_as_such():
    edge = {"edge": {"servers": {"py-a.app-1.9009": {"admin": "drain"}}}, "instances": {}, "rollouts": []}
    found = Seen({**seen().snapshots, "edge-1": edge}, edges=("edge-1",))
    assert found.target(found.rollouts[0]).instances["py-a"] == "1.0.2-aaaaaaaaaa (drained at edge-1)"


def test_the_plan_leads_from_what_was_found_to_that_state():
    found = seen(**{"py-b": instance("1.0.2-bbbbbbbbbb", ["1.0.1-bbbbbbbbbb"], 9010, active="failed")})
    head, *steps = planned(found, choose(found, None, 1))
    assert head == "1. side by side:"
    assert sorted(step.strip() for step in steps) == [
        "activate py-a on app-1: 1.0.2-aaaaaaaaaa -> 1.0.1-aaaaaaaaaa",
        "activate py-b on app-2: 1.0.2-bbbbbbbbbb (failed) -> 1.0.1-bbbbbbbbbb",
    ]


def test_an_instance_that_was_not_there_then_is_stopped_and_a_stranger_is_left_alone():
    more = both(4, "1.0.2", instances={**release("1.0.2"), "py-c": "1.0.2-c"}, placement={**PLACES, "py-c": "app-1"})
    found = seen(rollouts=[*THREE, *more])
    found.snapshots["app-1"]["instances"] |= {"py-c": instance("1.0.2-c"), "stranger": instance("9-x")}
    assert planned(found, choose(found, "r3", 1)) == ("1. stop py-c on app-1, which ran 1.0.2-c",)


def test_an_instance_that_was_elsewhere_then_goes_back_there():
    there = {"py-a": "app-1", "py-b": "app-1"}
    found = seen(rollouts=[*both(1, placement=there), *both(3, "1.0.2")])
    found.snapshots["app-1"]["instances"]["py-b"] = instance(None, ["1.0.0-bbbbbbbbbb"])
    lines = planned(found, choose(found, None, 1))
    assert any("activate py-b on app-1: nothing -> 1.0.0-bbbbbbbbbb" in line for line in lines)
    assert "stop py-b on app-2, which ran 1.0.2-bbbbbbbbbb" in lines[-1]


def test_an_instance_that_runs_at_both_places_has_arrived_already():
    there = {"py-a": "app-1", "py-b": "app-1"}
    found = seen(rollouts=[*both(1, placement=there), *both(3, "1.0.2")])
    found.snapshots["app-1"]["instances"]["py-b"] = instance("1.0.0-bbbbbbbbbb")
    target = found.target(found.rollouts[-1])
    assert target.arrived == {"py-b": "1.0.0-bbbbbbbbbb"}
    assert target.placement["py-b"] == "app-2"


def test_where_each_answers_is_what_its_generation_says():
    assert seen().target(seen().rollouts[0]).ports == PORTS
