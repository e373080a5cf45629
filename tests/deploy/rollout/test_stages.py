"""Shifts, checks and holds of a plan, carried out; what goes back, in which order."""

from dataclasses import replace

import pytest

from deploy.rollout.execute import Held, RolloutFailed, execute
from deploy.rollout.plan import Batch, Check, Hold, Kind, Phase, Place, Plan, Shift, Step
from deploy.rollout.run import Judged, Next, Run
from tests.deploy.rollout.fakes import NEW, OLD, FakePort, step
from tests.simulation.process import run

KEEP = Step(Kind.KEEP, "a--prev", "host-a", "nothing", OLD, 10001)
PARK = Shift({"slot": 100, "a": 0}, {"slot": 0, "a": 100}, "park")
IDLE = Check(Phase.IDLE, "check it, idle", (Place("a", "host-a", 9001, NEW),))
SERVE = Shift({"a": 100, "slot": 0}, {"a": 0, "slot": 100}, "serve")
AFTER = Check(Phase.AFTER, "check it after", (Place("a", "host-a", 9001, NEW),))
PLAN = Plan(
    (Batch((KEEP,), idle=True), PARK, Batch((step("a"),), idle=True), IDLE, Hold("hold"), SERVE, AFTER),
    {"a": "host-a"},
    600.0,
)
FORWARD = ["begin a--prev", "confirm a--prev", "shift slot=100 a=0", "begin a", "confirm a"]
HOME = ["shift a=0 slot=100", "revert a", "shift slot=0 a=100", "revert a--prev"]


def done(port, plan=PLAN, start=0, judge=None, **more):
    """How it ended."""

    async def passes(check):
        return Judged(Next.GO, "all well")

    made = Run(plan, port, judge=judge or passes, **more)
    try:
        return run(execute(made, start))
    except RolloutFailed as error:
        return error


def words(port):
    return port.words("begin", "confirm", "revert", "undo", "shift", "warm", "drain", "admit")


def judged(next_stage, at=None):
    async def judge(check):
        return Judged(next_stage if at in (None, check) else Next.GO, f"said of {check.title}")

    return judge


def test_it_is_held_before_the_hold_with_the_new_one_idle():
    port = FakePort()
    assert done(port) == Held(4, "hold")
    assert words(port) == FORWARD


def test_it_goes_on_after_the_hold_and_leaves_the_slot_warm():
    port = FakePort()
    assert done(port, start=5) is None
    assert words(port) == ["shift a=100 slot=0", "warm a--prev 600"]


def test_edges_are_told_nothing_of_an_idle_batch():
    port = FakePort()
    done(port)
    assert not {"drain", "admit", "reach"} & {call[0] for call in port.calls}


def test_a_check_that_fails_takes_all_back_in_reverse_and_rejects_the_candidates():
    port = FakePort()
    error = done(port, start=5, judge=judged(Next.BACK))
    assert "said of check it after" in str(error)
    assert "all 1 instances of the rollout are back" in str(error)
    assert words(port) == ["shift a=100 slot=0", "shift a=0 slot=100", "revert a reject", *HOME[2:]]


def test_a_check_while_it_is_idle_takes_back_only_what_came_before_it():
    port = FakePort()
    assert "check it, idle" in str(done(port, judge=judged(Next.BACK)))
    assert words(port) == [*FORWARD, "revert a reject", "shift slot=0 a=100", "revert a--prev"]


def test_a_check_that_is_not_sure_holds_where_it_is():
    assert done(FakePort(), judge=judged(Next.HOLD, IDLE)) == Held(3, "said of check it, idle")


def test_without_anybody_who_can_look_nothing_passes():
    port = FakePort()
    with pytest.raises(RolloutFailed, match="nothing can look at it"):
        run(execute(Run(PLAN, port)))


def test_an_edge_that_does_not_shift_has_all_shifted_back_and_the_fleet_with_it():
    port = FakePort({"edge": {"shift": ["shifted", "unreachable", "shifted"]}})
    error = done(port, start=0, plan=replace(PLAN, stages=(*PLAN.stages[:4], *PLAN.stages[5:])))
    assert "reason of the edge" in str(error)
    assert "degraded" not in str(error)
    assert words(port)[5:] == ["shift a=100 slot=0", *HOME]


def test_traffic_that_does_not_go_back_is_told_as_degraded():
    port = FakePort({"edge": {"shift": ["shifted", "unreachable"]}})
    error = done(port, start=5, judge=judged(Next.BACK))
    assert "degraded: a--prev on host-a stays, since it may have traffic, traffic: reason of the edge;" in str(error)


def test_an_instance_that_could_not_go_back_gets_no_traffic_and_its_slot_stays():
    port = FakePort({"a": {"revert": "unreachable"}})
    error = done(port, judge=judged(Next.BACK))
    assert "a--prev on host-a stays, since it may have traffic" in str(error)
    assert port.called("revert") == ["a"]


def test_who_has_fallen_ill_is_to_blame_where_traffic_could_not_move():
    port = FakePort({"edge": {"shift": ["unreachable", "shifted"]}})
    port.surveys = [{}, {"a": "HTTP 500"}]
    error = done(port, start=5)
    assert "a on host-a" in str(error)
    assert "revert a reject" in words(port)


DROP = Batch((Step(Kind.DROP, "a--prev", "host-a", OLD, "nothing", port_before=10001),), idle=True)
LED = [replace(shift, home=True) for shift in (PARK, SERVE)]
WAY_HOME = replace(PLAN, stages=(LED[0], Batch((step("a"),), idle=True), LED[1], DROP))


def test_once_second_slots_go_nothing_goes_back():
    port = FakePort({"a--prev": {"begin": "unreachable"}})
    error = done(port, plan=WAY_HOME)
    assert "degraded: second slots stay" in str(error)
    assert not {"revert a", "shift a=0 slot=100"} & set(words(port))


def test_what_is_home_is_not_taken_away_again_because_it_is_ill():
    port = FakePort(surveys=({}, {"a": "HTTP 500"}))
    assert done(port, plan=WAY_HOME) is None


def test_a_slot_that_can_not_be_kept_warm_goes_at_once():
    port = FakePort({"a--prev": {"warm": "failed"}})
    assert done(port, start=5) is None
    assert words(port)[-2:] == ["warm a--prev 600", "revert a--prev"]


def test_a_way_home_moves_traffic_whatever_is_up():
    port = FakePort()
    done(port, plan=replace(PLAN, stages=(replace(PARK, home=True), Batch((step("a"),), idle=True))))
    assert port.ungated == [True]


def test_a_new_one_that_does_not_get_well_never_had_traffic():
    port = FakePort({"a": {"begin": "failed"}})
    assert "reason of a" in str(done(port))
    assert words(port) == [*FORWARD[:4], "shift slot=0 a=100", "revert a--prev"]


def test_who_asks_on_a_host_that_it_ends_is_obeyed_at_the_next_stage():
    port = FakePort()
    port.asks = [None, "aborted by ann@ops"]
    error = done(port)
    assert "aborted by ann@ops" in str(error)
    assert words(port) == [
        "begin a--prev",
        "confirm a--prev",
        "shift slot=100 a=0",
        "shift slot=0 a=100",
        "revert a--prev",
    ]


def test_who_asks_while_gates_measure_does_not_wait_for_them():
    port = FakePort()

    async def judge(check):
        port.asks = ["aborted by ann@ops"]
        await made.cancelled.wait()
        return Judged(Next.GO, "all well")

    made = Run(PLAN, port, judge=judge)
    with pytest.raises(RolloutFailed, match="aborted by ann@ops"):
        run(execute(made, 5))


def test_each_stage_is_told_before_it_begins_and_each_check_when_it_is_over():
    told = []

    async def reached(at, judged):
        told.append((at, judged.reason if judged else None))

    done(FakePort(), reached=reached)
    assert told == [(0, None), (1, None), (2, None), (3, None), (3, "all well"), (4, None)]
