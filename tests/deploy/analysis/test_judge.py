"""What gates say of what they measured: without data never a pass, errors are no failures, and the same each time."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.analysis.gates import DEFAULT_GATES, Action, Counts, GateKind, GateSpec, Measurement, Outcome
from deploy.analysis.judge import done, judge, read, recheck, rule, told
from deploy.rollout.plan import Phase

RATE = GateSpec("rate", GateKind.PROMQL, "sum(x)", "< 0.01", "> 0.05", count=3, failures=1, errors=2, limit=30)
DELIVERY = GateSpec("delivery", GateKind.COMPARE, interval=1.0)
SMOKE = GateSpec("smoke", GateKind.SMOKE)
OWN = GateSpec("own", GateKind.COMMAND, "make look")
GOOD, BAD, NEITHER = 0.001, 0.2, 0.03
ERROR, NOTHING = "error", None


def measured(*values):
    return [
        Measurement(float(at), error="no answer") if value == ERROR else Measurement(float(at), value)
        for at, value in enumerate(values)
    ]


def counted(*blocks):
    return [Measurement(float(at), counts=Counts(*block)) for at, block in enumerate(blocks)]


def outcome(gate, *values):
    return judge(gate, measured(*values)).outcome


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), Outcome.INCONCLUSIVE),
        ((GOOD, GOOD), Outcome.INCONCLUSIVE),
        ((GOOD, GOOD, GOOD), Outcome.PASS),
        ((GOOD, NEITHER, GOOD, GOOD), Outcome.PASS),
        ((GOOD, NOTHING, GOOD, NOTHING, GOOD), Outcome.PASS),
        ((GOOD, BAD, GOOD, GOOD), Outcome.PASS),
        ((BAD,), Outcome.INCONCLUSIVE),
        ((BAD, BAD), Outcome.FAIL),
        ((BAD, GOOD, BAD, GOOD, GOOD), Outcome.FAIL),
        ((GOOD, GOOD, GOOD, BAD, BAD), Outcome.PASS),
        ((NEITHER,) * 20, Outcome.INCONCLUSIVE),
        ((NOTHING,) * 20, Outcome.INCONCLUSIVE),
        ((math.nan, math.inf, -math.inf) * 3, Outcome.INCONCLUSIVE),
        ((GOOD, ERROR, ERROR, GOOD, ERROR, ERROR, GOOD), Outcome.PASS),
        ((GOOD, ERROR, ERROR, ERROR, GOOD, GOOD), Outcome.INCONCLUSIVE),
        ((ERROR, ERROR, ERROR, BAD, BAD), Outcome.INCONCLUSIVE),
        ((BAD, ERROR, BAD), Outcome.FAIL),
    ],
)
def test_conditions_on_values(values, expected):
    assert outcome(RATE, *values) is expected


def test_what_has_no_success_condition_never_passes_and_what_has_no_failure_condition_never_fails():
    assert outcome(replace(RATE, success=""), *[GOOD] * 9) is Outcome.INCONCLUSIVE
    assert outcome(replace(RATE, failure=""), *[BAD] * 9) is Outcome.INCONCLUSIVE


def test_every_candidate_has_to_answer_a_smoke_test():
    assert outcome(SMOKE, 1.0) is Outcome.PASS
    found = judge(SMOKE, [Measurement(0, 0.5, detail="py-b: /ready: HTTP 503")])
    assert (found.outcome, found.reason) == (Outcome.FAIL, "py-b: /ready: HTTP 503; 1 of 1 < 1, 0 may be")
    assert outcome(replace(SMOKE, success="> 0", failure="< 0"), 0.5) is Outcome.FAIL


def test_a_command_passes_by_its_exit_status_or_by_conditions_of_its_own():
    assert outcome(OWN, 1.0) is Outcome.PASS
    assert outcome(OWN, 0.0) is Outcome.FAIL
    assert outcome(replace(OWN, success="== 0"), 0.0) is Outcome.PASS


def test_deliveries_are_compared_over_all_measurements():
    clean = [(4, 0, 4, 0)] * 9
    assert judge(DELIVERY, counted(*clean)).outcome is Outcome.PASS
    assert judge(DELIVERY, counted(*clean[:5])).outcome is Outcome.INCONCLUSIVE
    bad = judge(DELIVERY, counted(*[(12, 3, 12, 0)] * 4))
    assert bad.outcome is Outcome.FAIL
    assert bad.reason.startswith("36 of 48 candidate, 48 of 48 baseline: worse (evidence ")


def test_real_requests_are_told_apart_from_synthetic_alerts_and_do_not_make_up_for_them():
    found = [Measurement(0.0, counts=Counts(4, 1, 4, 0), traffic=Counts(90, 0, 90, 0)) for _ in range(5)]
    assert judge(DELIVERY, found).outcome is Outcome.INCONCLUSIVE
    assert judge(DELIVERY, found).reason.startswith(
        "15 of 20 candidate, 20 of 20 baseline, requests 450 of 450 candidate, 450 of 450 baseline: not sure: "
    )
    alone = [replace(each, counts=None) for each in found]
    assert judge(DELIVERY, alone).reason.startswith("requests 450 of 450 candidate, 450 of 450 baseline: not worse by")


def test_deliveries_that_fail_a_gate_are_told_with_why_the_first_did_not_arrive():
    measured = [Measurement(0, counts=Counts(4, 0, 4, 0))]
    measured += [Measurement(at, counts=Counts(4, 4, 4, 0), detail=f"py-b: HTTP 50{at}") for at in (1, 2, 3, 4)]
    assert judge(DELIVERY, measured).reason.endswith("; the first: py-b: HTTP 501")


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ([], "no data"),
        ([(0, 0, 0, 0)] * 50, "no data"),
        ([(12, 0, 0, 0)] * 50, "600 of 600 candidate, no baseline: nothing to compare with"),
        ([(12, 12, 0, 0)] * 50, "0 of 600 candidate, no baseline: nothing to compare with"),
        ([(0, 0, 12, 0)] * 50, "no candidate, 600 of 600 baseline: nothing to compare with"),
    ],
)
def test_without_deliveries_of_both_nothing_is_compared(blocks, says):
    found = judge(DELIVERY, counted(*blocks))
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, says)


def test_errors_of_a_comparison_are_no_failed_deliveries_and_too_many_in_a_row_end_it():
    clean, error = counted(*[(12, 0, 12, 0)] * 3), measured(ERROR)
    assert judge(DELIVERY, [*error * 3, *clean, *error * 3]).outcome is Outcome.PASS
    found = judge(DELIVERY, [*clean[:1], *error * 4, *clean])
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, "4 errors in a row, the last: no answer")


@pytest.mark.parametrize(
    ("gate", "found", "says"),
    [
        (RATE, measured(), "no data"),
        (RATE, measured(NOTHING, ERROR, NOTHING), "no data: no answer"),
        (RATE, [Measurement(0, detail="no series")], "no data: no series"),
        (RATE, measured(GOOD, NEITHER, BAD), "0.2; 1 of 3 succeeded, 1 failed, 1 did neither"),
        (RATE, measured(GOOD, GOOD, GOOD), "0.001; 3 of 3 < 0.01"),
        (OWN, [Measurement(0, 0.0, detail="the disk is full")], "the disk is full; 1 of 1 < 1, 0 may be"),
        (RATE, [Measurement(0, 0.03, detail="py-a")], "0.03 (py-a); 0 of 3 succeeded, 0 failed, 1 did neither"),
        (DELIVERY, [Measurement(0, detail="no key")], "no data: no key"),
    ],
)
def test_the_reason_has_the_numbers(gate, found, says):
    assert judge(gate, found).reason == says


@pytest.mark.parametrize(
    ("gate", "found", "now", "expected"),
    [
        (RATE, [], 0, False),
        (RATE, measured(GOOD), 1, False),
        (RATE, measured(GOOD, GOOD, GOOD), 3, True),
        (RATE, measured(BAD, BAD), 2, True),
        (RATE, measured(ERROR, ERROR), 2, False),
        (RATE, measured(ERROR, ERROR, ERROR), 3, True),
        (RATE, measured(GOOD), 25, False),
        (RATE, measured(GOOD), 26, True),
        (replace(RATE, delay=10), measured(GOOD), 26, True),
        (DELIVERY, counted(*[(4, 0, 4, 0)] * 9), 9, True),
        (DELIVERY, counted((4, 0, 4, 0)), 1, False),
        (DELIVERY, counted((4, 0, 4, 0)), 60, True),
    ],
)
def test_a_gate_is_done_when_it_is_sure_when_it_hears_nothing_and_when_its_time_is_over(gate, found, now, expected):
    assert done(gate, found, now) is expected


def test_the_rule_says_how_it_decides():
    assert rule(RATE) == (
        "pass when 3 measurements are < 0.01; fail when more than 1 are > 0.05; otherwise, without data, or after more"
        " than 2 errors in a row, it is inconclusive"
    )
    assert "at most 1% of those that are not worse" in rule(DELIVERY)
    assert "at most 5% of those that are worse by 10 % or more" in rule(DELIVERY)
    assert rule(SMOKE).startswith("pass when every candidate answers /health, /ready and /metrics, 1 times; fail when")
    assert "never passes" in rule(replace(RATE, success=""))
    assert "never fails" in rule(replace(RATE, failure=""))


VALUES = st.one_of(st.none(), st.just(ERROR), st.floats(-1, 1), st.just(math.nan))
BLOCKS = st.builds(
    lambda c, b, share, other: Counts(c, round(c * share), b, round(b * other)),
    st.integers(0, 30),
    st.integers(0, 30),
    st.floats(0, 1),
    st.floats(0, 1),
)
MEASURED = st.lists(
    st.one_of(
        VALUES.map(lambda value: measured(value)[0]),
        BLOCKS.map(lambda block: Measurement(1.0, counts=block, detail="d")),
        st.builds(lambda one, other: Measurement(1.0, counts=one, traffic=other), st.none() | BLOCKS, BLOCKS),
    ),
    max_size=12,
)
GATES = st.builds(
    GateSpec,
    st.just("any"),
    st.sampled_from(GateKind),
    success=st.sampled_from(["", "< 0.01", "== 1"]),
    failure=st.sampled_from(["", "> 0.05", "== 0"]),
    count=st.integers(1, 3),
    failures=st.integers(0, 2),
    errors=st.integers(0, 3),
    margin=st.sampled_from([0.02, 0.1, 0.3]),
    on_fail=st.sampled_from(Action),
    dry_run=st.booleans(),
    phases=st.sampled_from([(Phase.IDLE,), tuple(Phase)]),
)


@given(GATES, MEASURED)
def test_a_verdict_is_the_same_again_from_what_was_written_down(gate, found):
    verdict = judge(gate, [each for each in found if each.value is None or not math.isnan(each.value)])
    again = read(json.loads(json.dumps(told(verdict))))
    assert again == verdict
    assert recheck(again) == verdict


@given(GATES, st.lists(st.sampled_from([None, ERROR, math.nan, math.inf]), max_size=12))
def test_no_data_is_never_a_pass_nor_a_failure(gate, values):
    assert judge(gate, measured(*values)).outcome is Outcome.INCONCLUSIVE


@given(GATES, MEASURED)
def test_a_pass_has_data_to_show(gate, found):
    if judge(gate, found).outcome is Outcome.PASS:
        assert any(each.value is not None or each.counts or each.traffic for each in found)


@given(GATES, MEASURED, MEASURED)
def test_a_gate_that_is_sure_does_not_change_its_mind(gate, found, more):
    before = judge(gate, found).outcome
    if before is not Outcome.INCONCLUSIVE:
        assert judge(gate, [*found, *more]).outcome is before


def test_what_is_spoilt_is_no_verdict():
    assert read({"gate": {"name": "a"}, "outcome": "pass"}) is None
    assert read({}) is None


def test_the_default_gates_can_be_judged():
    assert {judge(gate, []).outcome for gate in DEFAULT_GATES} == {Outcome.INCONCLUSIVE}
