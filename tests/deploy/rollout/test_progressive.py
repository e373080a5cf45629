"""The plans of canary and blue-green."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.manifest.running import generation_of
from deploy.rollout.order import make_plan
from deploy.rollout.plan import Batch, Check, Hold, Kind, Limits, Phase, Shift, Target
from deploy.rollout.progressive import BLUE_GREEN, CANARY, How, progressive_plan
from deploy.settings.specs import CanaryStep

PLACES = {"py-a": ("h1", 9009), "py-b": ("h2", 9009), "go-a": ("h3", 9011), "go-b": ("h1", 9011)}
HOW = How(
    CANARY,
    impls={name: name.partition("-")[0] for name in PLACES},
    slots={name: port + 1000 for name, (_, port) in PLACES.items()},
    warm=600.0,
)


def fleet(generation, **others):
    generations = {
        **dict.fromkeys(PLACES, generation),
        **{name.replace("_", "-"): each for name, each in others.items()},
    }
    hosts, ports = ({name: place[part] for name, place in PLACES.items()} for part in (0, 1))
    return Target(generations, hosts, ports)


def planned(strategy=CANARY, found=None, wanted=None, limits=Limits(1, 1), **how):
    made = replace(HOW, strategy=strategy, **how)
    return progressive_plan(found or fleet("1-x"), wanted or fleet("2-y"), frozenset(), limits, made)


def shape(plan):
    """Each stage as a short word."""
    words = []
    for stage in plan.stages:
        match stage:
            case Batch():
                words.append(f"{stage.steps[0].kind} {' '.join(step.instance for step in stage.steps)}")
            case Shift():
                words.append("shift")
            case Check():
                words.append(f"check {stage.phase}")
            case Hold():
                words.append("hold")
    return words


def test_blue_green_keeps_the_old_moves_traffic_there_switches_idle_and_moves_it_back_once():
    assert shape(planned(BLUE_GREEN)) == [
        "keep go-a--prev go-b--prev py-a--prev py-b--prev",
        "shift",
        "activate go-a go-b py-a py-b",
        "check idle",
        "shift",
        "check after",
    ]


def test_a_canary_has_one_of_each_implementation_then_the_rest_in_waves():
    assert shape(planned()) == [
        "keep go-a--prev py-a--prev",
        "shift",
        "activate go-a py-a",
        "check idle",
        "shift",
        "check traffic",
        "shift",
        "check traffic",
        "shift",
        "activate go-b",
        "activate py-b",
    ]


@pytest.mark.parametrize(
    ("steps", "activated"),
    [
        ((CanaryStep(1),), ["go-a py-a", "go-b", "py-b"]),
        ((CanaryStep(3),), ["go-a py-a go-b", "py-b"]),
        ((CanaryStep(percent=75.0),), ["go-a py-a go-b", "py-b"]),
        ((CanaryStep(1), CanaryStep(4)), ["go-a py-a", "go-b py-b"]),
        ((CanaryStep(99),), ["go-a py-a go-b py-b"]),
    ],
)
def test_steps_of_a_canary_say_how_many(steps, activated):
    batches = [stage for stage in planned(steps=steps).batches if stage.steps[0].kind is Kind.ACTIVATE]
    assert [" ".join(step.instance for step in batch.steps) for batch in batches] == activated


@pytest.mark.parametrize(
    ("weight", "wanted", "share"),
    [(10.0, 0.10, 0.01), (50.0, 0.50, 0.01), (90.0, 0.90, 0.01), (None, 0.25, 0.01)],
)
def test_canaries_get_their_share_of_all_traffic(weight, wanted, share):
    plan = planned(steps=(CanaryStep(1, weight=weight),))
    weights = [stage for stage in plan.stages if isinstance(stage, Shift)][1].weights
    mine = weights["go-a.h3.9011"] + weights["py-a.h1.9009"]
    assert mine / sum(weights.values()) == pytest.approx(wanted, abs=share)
    assert len(weights) == 6  # with both slots, and both others


def test_instances_that_do_not_change_count_as_others():
    plan = planned(found=fleet("1-x", go_a="2-y", go_b="2-y"), steps=(CanaryStep(1, weight=20.0),))
    weights = [stage for stage in plan.stages if isinstance(stage, Shift)][1].weights
    assert weights["py-a.h1.9009"] / sum(weights.values()) == pytest.approx(0.2, abs=0.01)
    assert {"go-a.h3.9011", "go-b.h1.9011", "py-b.h2.9009"} <= weights.keys()


def test_with_hold_a_person_decides_before_anything_new_gets_all_traffic():
    assert shape(planned(BLUE_GREEN, hold=True))[3:5] == ["check idle", "hold"]
    assert shape(planned(hold=True)).count("hold") == 2


def test_without_edges_no_traffic_moves_and_what_is_new_is_looked_at_all_the_same():
    assert [word for word in shape(planned(BLUE_GREEN, edges=False)) if word.startswith(("shift", "check"))] == [
        "check idle",
        "check after",
    ]
    assert "shift" not in shape(planned(edges=False))


def test_what_serves_nothing_is_activated_first_and_needs_no_second_slot():
    found = fleet("1-x", py_b="nothing", go_b="1-x (failed)")
    assert shape(planned(BLUE_GREEN, found=found))[:2] == ["activate go-b py-b", "keep go-a--prev py-a--prev"]


def test_a_repair_is_no_release_and_goes_as_in_a_rolling_update():
    found = fleet("2-y", py_a="2-y (edited by hand)")
    assert shape(planned(found=found)) == ["activate py-a"]
    assert planned(found=fleet("2-y")).stages == ()


def test_what_is_wanted_no_longer_is_stopped_last():
    wanted = fleet("2-y")
    gone = Target(*({name: each for name, each in part.items() if name != "py-b"} for part in _parts(wanted)))
    assert shape(planned(BLUE_GREEN, wanted=gone))[-1] == "stop py-b"


def _parts(target):
    return target.instances, target.placement, target.ports


def test_slots_stay_warm_after_blue_green_only():
    assert (planned(BLUE_GREEN).warm, planned().warm) == (600.0, 0.0)


@given(
    st.sampled_from([CANARY, BLUE_GREEN]),
    st.fixed_dictionaries({name: st.sampled_from(["1-x", "2-y", "nothing", "1-x (failed)"]) for name in PLACES}),
    st.lists(st.builds(CanaryStep, st.integers(1, 5), st.none(), st.none() | st.floats(1, 99)), min_size=1, max_size=3),
)
def test_whatever_was_found_all_of_it_is_switched_once_and_every_shift_is_undone_exactly(strategy, phrases, steps):
    found = replace(fleet("1-x"), instances=phrases)
    plan = planned(strategy, found=found, steps=tuple(steps))
    rolling = make_plan(found, fleet("2-y"), limits=Limits(1, 1))
    switched = [step for step in plan.steps if step.kind is Kind.ACTIVATE]
    assert sorted(map(str, switched)) == sorted(map(str, rolling.steps))
    weights = {step.server_before: 100 for step in switched if step.server_before}
    for stage in plan.stages:
        if isinstance(stage, Shift):
            assert stage.back.keys() == stage.weights.keys()
            full = {server: 0 if "--prev" in server else 100 for server in stage.back}
            assert {server: weights.get(server, full[server]) for server in stage.back} == dict(stage.back)
            assert any(stage.weights.values())
            weights.update(stage.weights)
        if isinstance(stage, Batch) and stage.idle and stage.steps[0].kind is Kind.ACTIVATE:
            assert all(weights[step.server_before] == 0 for step in stage.steps)
            slots = {f"{step.instance}--prev" for step in stage.steps}
            assert sum(weight for server, weight in weights.items() if server.split(".")[0] in slots) > 0
    assert all(weights.get(step.server, 100) == 100 for step in switched)
    assert all(generation_of(step.before) for step in switched if step.costs)


def test_a_plan_says_of_each_stage_what_undoes_it():
    lines = planned(BLUE_GREEN, hold=True).lines()
    assert lines == (
        "1. side by side:",
        "   keep go-a--prev on h3: 1-x; undone: it is dropped",
        "   keep go-b--prev on h1: 1-x; undone: it is dropped",
        "   keep py-a--prev on h1: 1-x; undone: it is dropped",
        "   keep py-b--prev on h2: 1-x; undone: it is dropped",
        "2. traffic of go-a, go-b, py-a, py-b to their second slots; undone: back to them",
        "3. side by side:",
        "   activate go-a on h3: 1-x -> 2-y; undone: it is switched back, idle",
        "   activate go-b on h1: 1-x -> 2-y; undone: it is switched back, idle",
        "   activate py-a on h1: 1-x -> 2-y; undone: it is switched back, idle",
        "   activate py-b on h2: 1-x -> 2-y; undone: it is switched back, idle",
        "4. check go-a, go-b, py-a, py-b, idle",
        "5. hold: a person promotes or aborts, before anything new gets traffic",
        "6. all traffic to go-a, go-b, py-a, py-b; undone: back to the second slots",
        "7. check it with all of the traffic",
    )


def test_checks_compare_with_the_second_slots():
    check = next(stage for stage in planned(BLUE_GREEN).stages if isinstance(stage, Check))
    assert check.phase is Phase.IDLE
    assert [place.server for place in check.baselines][:1] == ["go-a--prev.h3.10011"]
    assert {place.generation for place in check.candidates} == {"2-y"}
    assert {place.generation for place in check.baselines} == {"1-x"}


# --- ports that are traded


MOVED = replace(
    fleet("2-y"), ports={**fleet("2-y").ports, "py-a": 9011, "go-b": 9009}
)  # both on h1: each comes to where the other was


def test_instances_that_trade_ports_are_canaries_together():
    steps = [
        batch.steps for batch in planned(wanted=MOVED).batches if batch.idle and batch.steps[0].kind is not Kind.KEEP
    ]
    assert [sorted(step.instance for step in each) for each in steps] == [["go-a", "go-b", "py-a"]]


def test_one_whose_port_another_leaves_does_not_go_before_it():
    wanted = replace(fleet("2-y"), ports={**fleet("2-y").ports, "py-a": 9011, "go-b": 9012})
    limits, how = Limits(4, 4, ("go-a", "py-b")), {"steps": (CanaryStep(1),), "impls": {}}
    batches = [batch for batch in planned(wanted=wanted, limits=limits, **how).batches if not batch.idle]
    assert [[step.instance for step in batch.steps] for batch in batches] == [["py-b", "go-b"], ["py-a"]]


def test_a_new_place_gets_nothing_before_it_was_looked_at_and_the_old_one_nothing_after_it():
    shifts = [stage for stage in planned(wanted=MOVED).stages if isinstance(stage, Shift)]
    assert (shifts[0].weights["py-a.h1.9011"], shifts[0].back["py-a.h1.9011"]) == (0, 0)
    assert (shifts[-1].weights["py-a.h1.9011"], shifts[-1].weights["py-a.h1.9009"]) == (100, 0)


def test_what_comes_to_a_port_that_is_left_only_later_goes_as_in_a_rolling_update():
    found = fleet("1-x", go_b="nothing")
    wanted = replace(fleet("2-y"), ports={**fleet("2-y").ports, "py-a": 9012, "go-b": 9009})
    assert shape(planned(BLUE_GREEN, found=found, wanted=wanted))[-1] == "activate go-b"


def test_one_that_takes_over_from_what_is_stopped_last_is_no_candidate():
    wanted = fleet("2-y")
    gone = Target(*({name: each for name, each in part.items() if name != "go-b"} for part in _parts(wanted)))
    taken = replace(gone, ports={**gone.ports, "py-a": 9011})
    words = shape(planned(BLUE_GREEN, wanted=taken))
    assert words[0] == "keep go-a--prev py-b--prev"
    assert words[-1] in ("activate py-a go-b", "stop go-b py-a")
