"""In which order a rollout goes: cases as a table, and what holds for every plan."""

import pytest
from hypothesis import given, settings

from deploy.rollout.order import make_plan
from deploy.rollout.plan import Kind, Limits, Target, steps_between
from tests.deploy.rollout.targets import FOUND, LIMITS, LOST, WANTED

ONE, TWO = Limits(1, 1), Limits(2, 2)
OLD, NEW = "1.0-x", "1.1-y"


def fleet(phrases, ports=None, hosts=None):
    """Instances by name: what each runs; all on h1 and at no known port where nothing else is said."""
    placement = {name: (hosts or {}).get(name, "h1") for name in phrases}
    return Target(phrases, placement, ports or {})


def same(names, phrase):
    return dict.fromkeys(names, phrase)


CASES = [
    ("one by one", fleet(same("abc", OLD)), fleet(same("abc", NEW)), ONE, ("a", "b", "c")),
    ("two by two", fleet(same("abc", OLD)), fleet(same("abc", NEW)), TWO, ("a b", "c")),
    ("without limits all at once", fleet(same("abc", OLD)), fleet(same("abc", NEW)), Limits(), ("a b c",)),
    ("the narrower limit counts", fleet(same("abc", OLD)), fleet(same("abc", NEW)), Limits(3, 2), ("a b", "c")),
    (
        "those that the settings name go first",
        fleet(same("abc", OLD)),
        fleet(same("abc", NEW)),
        Limits(1, 1, ("c", "gone", "b")),
        ("c", "b", "a"),
    ),
    (
        "what serves nothing goes first, all of it at once",
        fleet({"a": OLD, "b": "1.0-x (failed)", "c": "nothing", "d": OLD}),
        fleet(same("abcd", NEW)),
        ONE,
        ("b c", "a", "d"),
    ),
    (
        "what is drained already goes before what is not",
        fleet({"a": OLD, "b": OLD, "c": "1.0-x (drained at e1)"}),
        fleet(same("abc", NEW)),
        ONE,
        ("c", "a", "b"),
    ),
    (
        "what is only to be admitted goes with what serves nothing",
        fleet({"a": OLD, "b": "1.1-y (drained at e1)", "c": "nothing"}),
        fleet(same("abc", NEW)),
        ONE,
        ("b c", "a"),
    ),
    (
        "what is wanted no longer is stopped last, all of it at once",
        fleet(same("abyz", OLD)),
        fleet(same("ab", NEW)),
        ONE,
        ("a", "b", "y z"),
    ),
    (
        "without limits stops are still last",
        fleet(same("abyz", OLD)),
        fleet(same("ab", NEW)),
        Limits(),
        ("a b", "y z"),
    ),
    (
        "who leaves a port goes before who takes it",
        fleet(same("abc", OLD), {"a": 1, "b": 2, "c": 3}),
        fleet(same("abc", NEW), {"a": 2, "b": 3, "c": 4}),
        ONE,
        ("c", "b", "a"),
    ),
    (
        "also without limits",
        fleet(same("ab", OLD), {"a": 1, "b": 2}),
        fleet(same("ab", NEW), {"a": 2, "b": 3}),
        Limits(),
        ("b", "a"),
    ),
    (
        "a new one waits for its port",
        fleet({"b": OLD}, {"b": 2}),
        fleet(same("nb", NEW), {"n": 2, "b": 3}),
        ONE,
        ("b", "n"),
    ),
    (
        "two that swap ports go together",
        fleet(same("abc", OLD), {"a": 1, "b": 2, "c": 3}),
        fleet(same("abc", NEW), {"a": 2, "b": 1, "c": 3}),
        ONE,
        ("a b", "c"),
    ),
    (
        "so do three in a ring, and who waits for one of them goes later",
        fleet(same("abcd", OLD), {"a": 1, "b": 2, "c": 3, "d": 4}),
        fleet({**same("abcd", NEW), "n": NEW}, {"a": 2, "b": 3, "c": 1, "d": 5, "n": 4}),
        ONE,
        ("a b c", "d", "n"),
    ),
    (
        "who takes the port of one that is stopped goes with it",
        fleet(same("az", OLD), {"a": 1, "z": 9}),
        fleet(same("ab", NEW), {"a": 1, "b": 9}),
        ONE,
        ("a", "b z"),
    ),
    (
        "the same port on another host is another port",
        fleet(same("ab", OLD), {"a": 1, "b": 2}, {"a": "h1", "b": "h2"}),
        fleet(same("ab", NEW), {"a": 2, "b": 1}, {"a": "h1", "b": "h2"}),
        Limits(),
        ("a b",),
    ),
    (
        "one that moves serves there before it is stopped here, where another takes its port",
        fleet(same("sax", OLD), {"s": 1, "a": 2, "x": 8}, {"x": "h2"}),
        fleet(same("sax", NEW), {"s": 8, "a": 1, "x": 9}, {"s": "h2", "x": "h2"}),
        ONE,
        ("x", "s", "a s"),
    ),
    (
        "two that swap hosts and ports: one of them is without a place for a while",
        fleet(same("sx", OLD), {"s": 1, "x": 2}, {"s": "h1", "x": "h2"}),
        fleet(same("sx", NEW), {"s": 2, "x": 1}, {"s": "h2", "x": "h1"}),
        ONE,
        ("s x", "x s"),
    ),
]


@pytest.mark.parametrize(
    ("found", "wanted", "limits", "batches"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_batches_are(found, wanted, limits, batches):
    plan = make_plan(found, wanted, limits=limits)
    assert tuple(" ".join(step.instance for step in batch.steps) for batch in plan.batches) == batches


def test_those_that_trade_ports_are_told_with_why():
    found, wanted = fleet(same("ab", OLD), {"a": 1, "b": 2}), fleet(same("ab", NEW), {"a": 2, "b": 1})
    (batch,) = make_plan(found, wanted, limits=ONE).batches
    assert batch.why == "a and b trade ports: each stops before another starts there"


def test_who_takes_a_port_over_is_told_with_why():
    found, wanted = fleet(same("z", OLD), {"z": 9}), fleet(same("b", NEW), {"b": 9})
    (batch,) = make_plan(found, wanted, limits=ONE).batches
    assert batch.why == "b takes port 9 on h1 over from z, which stops first"


def test_all_that_is_wanted_is_watched_but_what_is_lost():
    wanted = fleet(same("abc", OLD), hosts={"c": "h2"})
    assert make_plan(wanted, wanted, frozenset({"h2"})).watched == {"a": "h1", "b": "h1"}


# --- for every plan

everything = given(FOUND, WANTED, LOST, LIMITS)


@settings(max_examples=300)
@everything
def test_a_plan_is_a_permutation_of_the_steps(found, wanted, lost, limits):
    steps = make_plan(found, wanted, lost, limits).steps
    assert len(steps) == len(set(steps))
    assert set(steps) == set(steps_between(found, wanted, lost))


@everything
def test_no_batch_takes_more_serving_ones_than_the_limits_unless_it_says_why(found, wanted, lost, limits):
    for batch in make_plan(found, wanted, lost, limits).batches:
        assert batch.why or limits.size is None or sum(step.costs for step in batch.steps) <= limits.size


@settings(max_examples=300)
@everything
def test_who_takes_a_port_comes_after_who_leaves_it_or_with_it_and_says_why(found, wanted, lost, limits):
    left = {}
    batches = make_plan(found, wanted, lost, limits).batches
    for number, batch in enumerate(batches):
        for step in batch.steps:
            if step.port_before and step.port_before != step.port and step.kind is not Kind.ADMIT:
                left[step.host, step.port_before] = (number, step)
    for number, batch in enumerate(batches):
        for step in batch.steps:
            leaving = left.get((step.host, step.port))
            if leaving and leaving[1] != step and step.kind is Kind.ACTIVATE:
                assert leaving[0] < number or (leaving[0] == number and batch.why)


@settings(max_examples=300)
@everything
def test_what_serves_nothing_and_waits_for_nobody_goes_before_all_that_costs(found, wanted, lost, limits):
    steps = make_plan(found, wanted, lost, limits).steps
    left = {(step.host, step.port_before) for step in steps if step.port_before != step.port}
    free = [
        place
        for place, step in enumerate(steps)
        if not step.costs and step.kind is not Kind.STOP and (step.host, step.port) not in left
    ]
    costly = [place for place, step in enumerate(steps) if step.costs]
    assert limits.size is None or not free or not costly or max(free) < min(costly)


@everything
def test_stops_with_nothing_in_their_place_are_last_and_at_once(found, wanted, lost, limits):
    batches = make_plan(found, wanted, lost, limits).batches
    pure = [all(step.kind is Kind.STOP for step in batch.steps) for batch in batches]
    assert sum(pure) <= 1
    assert not any(pure[:-1])


@everything
def test_a_batch_that_says_no_why_does_not_mix_stops_with_others(found, wanted, lost, limits):
    for batch in make_plan(found, wanted, lost, limits).batches:
        assert batch.why or len({step.kind is Kind.STOP for step in batch.steps}) == 1


@settings(max_examples=300)
@everything
def test_what_moves_is_stopped_after_it_serves_in_its_new_place_unless_it_swaps(found, wanted, lost, limits):
    batches = make_plan(found, wanted, lost, limits).batches
    place = {step: number for number, batch in enumerate(batches) for step in batch.steps}
    late = [
        stop
        for stop in place
        for start in place
        if stop.kind is Kind.STOP and start.kind is Kind.ACTIVATE and stop.instance == start.instance
        if place[start] > place[stop]
    ]
    movers = [step for step in place if step.kind is Kind.STOP and step.instance in wanted.instances]
    assert not late or len(movers) > 1


@settings(max_examples=300)
@everything
def test_those_that_the_settings_name_go_first_where_no_port_binds(found, wanted, lost, limits):
    plan = make_plan(Target(found.instances, found.placement), wanted, lost, limits)
    named = {name: number for number, name in enumerate(limits.order)}
    costly = [
        ("drained" not in step.before, named.get(step.instance, len(named)))
        for batch in plan.batches
        for step in sorted(batch.steps, key=lambda step: named.get(step.instance, len(named)))
        if step.costs
    ]
    assert limits.size != 1 or costly == sorted(costly)
