"""The way back where second slots are."""

import pytest

from deploy.rollout.home import Slot, home_plan, still_kept
from deploy.rollout.plan import Limits, Shift, Target
from tests.deploy.rollout.test_progressive import shape

PLACES, PORTS = {"a": "h1", "b": "h2"}, {"a": 9001, "b": 9001}
OLD, NEW = Target({"a": "1-x", "b": "1-x"}, PLACES, PORTS), Target({"a": "2-y", "b": "2-y"}, PLACES, PORTS)
MIXED = Target({"a": "2-y (drained at edge)", "b": "1-x"}, PLACES, PORTS)
WARM = Slot("h1", 10001, "1-x")


def home(found=NEW, slots=None, edges=True, lost=()):
    return home_plan(found, OLD, slots or {}, frozenset(lost), Limits(1, 1), edges=edges)


@pytest.mark.parametrize(
    ("found", "slots", "stages"),
    [
        (NEW, {}, ["activate a", "activate b"]),
        (NEW, {"a": WARM}, ["shift", "activate a", "activate b", "shift", "drop a--prev"]),
        (NEW, {"a": Slot("h1", 10001, "1-x (failed)")}, ["activate a", "activate b", "shift", "drop a--prev"]),
        (NEW, {"a": Slot("h1", 10001, "0-w")}, ["activate a", "activate b", "shift", "drop a--prev"]),
        (NEW, {"a": Slot("h1", None, "nothing")}, ["activate a", "activate b", "shift", "drop a--prev"]),
        (MIXED, {"a": WARM}, ["shift", "activate a", "shift", "drop a--prev"]),
        (OLD, {"a": WARM, "b": WARM}, ["shift", "drop a--prev b--prev"]),
    ],
)
def test_what_has_the_old_generation_in_its_second_slot_goes_back_behind_it(found, slots, stages):
    assert shape(home(found, slots)) == stages


def test_a_slot_that_goes_is_told_with_what_it_ran():
    lines = home(slots={"a": WARM}).lines()
    assert lines[-1] == "5. drop a--prev on h1, which ran 1-x; undone: it stays so"


def test_in_the_end_instances_have_all_of_the_traffic_and_slots_none():
    shifts = [stage for stage in home(MIXED, {"a": WARM}).stages if isinstance(stage, Shift)]
    assert dict(shifts[0].weights) == {"a--prev.h1.10001": 100, "a.h1.9001": 0}
    assert dict(shifts[1].weights) == {"a.h1.9001": 100, "b.h2.9001": 100, "a--prev.h1.10001": 0}


def test_without_edges_only_generations_go_back():
    assert shape(home(NEW, {"a": WARM}, edges=False)) == ["activate a", "activate b", "drop a--prev"]


def test_nothing_is_asked_of_a_lost_host():
    assert shape(home(NEW, {"a": WARM}, lost=["h1"])) == ["activate b"]


def test_what_is_new_on_the_way_is_stopped_on_the_way_back():
    found = Target({**NEW.instances, "c": "2-y"}, {**PLACES, "c": "h1"}, {**PORTS, "c": 9002})
    assert shape(home(found))[-1] == "stop c"


def test_what_is_undone_of_a_way_back_leaves_traffic_where_the_old_generation_is():
    plan = home(MIXED, {"a": WARM})
    first, second = (stage for stage in plan.stages if isinstance(stage, Shift))
    assert dict(first.back) == dict(first.weights)
    assert dict(second.back) == {"a.h1.9001": 0, "b.h2.9001": 100, "a--prev.h1.10001": 100}
    assert first.home
    assert second.home


@pytest.mark.parametrize(("used", "kept", "stays"), [("ab", {}, "ab"), ("b", {}, "b"), ("b", {"1-x": {}}, "ab")])
def test_what_is_not_used_any_more_and_was_removed_is_no_place_to_go_back_to(used, kept, stays):
    snapshots = {"h1": {"instances": {"a": {"generations": kept}} if kept else {}}}
    assert list(still_kept(OLD, used, snapshots).placement) == list(stays)


def test_what_still_runs_what_is_new_gets_no_traffic_before_it_goes_back():
    plan = home(Target({"a": "2-y", "b": "1-x"}, PLACES, PORTS), {"a": Slot("h1", 10001, "1-x (failed)")})
    (shift,) = (stage for stage in plan.stages if isinstance(stage, Shift))
    assert dict(shift.weights) == {"b.h2.9001": 100, "a--prev.h1.10001": 0}


def test_one_that_needs_a_port_that_is_left_only_later_waits_for_it_behind_its_slot():
    found = Target({"a": "2-y", "b": "2-y"}, {"a": "h1", "b": "h1"}, {"a": 9001, "b": 9002})
    wanted = Target({"a": "1-x", "b": "1-x"}, {"a": "h1", "b": "h1"}, {"a": 9002, "b": 9003})
    plan = home_plan(found, wanted, {"a": WARM}, frozenset(), Limits(1, 1), edges=True)
    assert shape(plan) == ["activate b", "activate a", "shift", "drop a--prev"]
