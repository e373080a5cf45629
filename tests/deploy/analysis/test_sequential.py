"""The sequential test: its error rates and its power, measured; what never helps; what says nothing."""

import math
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.analysis.gates import Counts, Outcome
from deploy.analysis.sequential import _NOT_WORSE, _WORSE, ALPHA, BETA, Evidence, examine, nearest

CLEAN = Counts(1, 0, 1, 0)
ORDER = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
MARGINS = st.sampled_from([0.01, 0.05, 0.1, 0.3])


def alone(blocks, margin):
    """The evidence of one kind of deliveries."""
    return examine([(block, None) for block in blocks], margin)


@st.composite
def blocks(draw, least=0, most=40):
    candidate, baseline = draw(st.integers(least, most)), draw(st.integers(least, most))
    return Counts(candidate, draw(st.integers(0, candidate)), baseline, draw(st.integers(0, baseline)))


def streams(seed, candidate, baseline, count, size=4, extra=0):
    """Blocks of `size` deliveries a side, and `extra` of baselines, which fail at the given rates."""
    dice = random.Random(seed)

    def failed(rate, number):
        return sum(dice.random() < rate for _ in range(number))

    return [Counts(size, failed(candidate, size), size + extra, failed(baseline, size + extra)) for _ in range(count)]


def share(wanted, candidate, baseline, *, runs, count, margin=0.1, **more):
    """Of seeded runs, how many end so."""
    found = [alone(streams(seed, candidate, baseline, count, **more), margin).outcome is wanted for seed in range(runs)]
    return sum(found) / runs


def allowed(rate, runs):
    """What a rate of at most `rate` shows in so many runs, nearly always."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / runs)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.2, 0.5])
def test_of_candidates_that_are_not_worse_at_most_one_in_a_hundred_is_refused(rate):
    assert share(Outcome.FAIL, rate, rate, runs=1000, count=60) <= allowed(ALPHA, 1000)


def test_nor_where_baselines_deliver_far_more_than_candidates():
    assert share(Outcome.FAIL, 0.1, 0.1, runs=300, count=50, size=2, extra=30) <= allowed(ALPHA, 300)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.2, 0.5])
def test_of_candidates_that_are_worse_by_the_margin_at_most_one_in_twenty_passes(rate):
    assert share(Outcome.PASS, rate + 0.1, rate, runs=1000, count=60) <= allowed(BETA, 1000)


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3])
def test_the_test_is_exact_for_any_block_since_no_bet_is_expected_to_win_against_what_is_true(rate):
    """The proof by numbers: the mean of each bet over all outcomes of a block, anywhere in its null hypothesis."""
    for candidates, baselines in [(1, 1), (3, 1), (2, 5)]:
        for bets, gap in [(_WORSE, 0.0), (_NOT_WORSE, 0.1)]:
            for bet in bets:
                c, b = nearest(bet.candidate, bet.baseline, candidates, baselines, gap)
                for candidate in [rate + gap, rate + gap + 0.2] if gap else [rate, rate / 2]:
                    mean = (
                        candidate * bet.candidate / c + (1 - candidate) * (1 - bet.candidate) / (1 - c)
                    ) ** candidates
                    mean *= (rate * bet.baseline / b + (1 - rate) * (1 - bet.baseline) / (1 - b)) ** baselines
                    assert mean <= 1 + 1e-9


def test_pairs_without_a_failure_pass_soon_enough_and_not_at_once():
    needed = next(count for count in range(100) if alone([CLEAN] * count, 0.1).outcome is Outcome.PASS)
    assert 28 <= needed <= 40  # no test of this kind can do with less than 28: 0.9 ** 28 is 1 in 19


@pytest.mark.parametrize("size", [1, 4, 12])
def test_a_candidate_that_drops_one_in_five_is_refused_within_80_pairs(size):
    assert share(Outcome.FAIL, 0.2, 0.0, runs=500, count=-(-80 // size), size=size) >= 0.99


def test_one_that_drops_every_fifth_in_turn_is_refused_within_40_pairs():
    found = [Counts(1, number % 5 == 4, 1, 0) for number in range(40)]
    assert alone(found, 0.1).outcome is Outcome.FAIL


def test_one_that_drops_everything_is_refused_after_the_first_dozen():
    assert alone([Counts(12, 12, 12, 0)], 0.1).outcome is Outcome.FAIL


def test_what_fails_alike_on_both_sides_is_never_the_candidates_fault():
    assert alone([Counts(12, 12, 12, 12)] * 50, 0.1).outcome is not Outcome.FAIL


@given(st.integers(0, 30), MARGINS)
def test_no_data_never_passes_nor_fails(count, margin):
    assert alone([Counts()] * count, margin).outcome is Outcome.INCONCLUSIVE


@given(st.lists(blocks(), max_size=20), MARGINS, st.booleans())
def test_one_side_alone_says_nothing(found, margin, candidates):
    gone = {"baseline": 0, "baseline_failed": 0} if candidates else {"candidate": 0, "candidate_failed": 0}
    evidence = alone([replace(each, **gone) for each in found], margin)
    assert (evidence.worse, evidence.not_worse) == pytest.approx((0, 0), abs=1e-9)


@given(st.lists(blocks(), min_size=1, max_size=15), MARGINS, st.data())
def test_more_failures_of_candidates_never_help(found, margin, data):
    number = data.draw(st.integers(0, len(found) - 1))
    each = found[number]
    worse = replace(each, candidate_failed=data.draw(st.integers(each.candidate_failed, each.candidate)))
    after = [*found[:number], worse, *found[number + 1 :]]
    assert ORDER.index(alone(after, margin).outcome) <= ORDER.index(alone(found, margin).outcome)


@given(st.lists(blocks(), min_size=1, max_size=15), MARGINS, st.data())
def test_more_failures_of_baselines_never_harm(found, margin, data):
    number = data.draw(st.integers(0, len(found) - 1))
    each = found[number]
    worse = replace(each, baseline_failed=data.draw(st.integers(each.baseline_failed, each.baseline)))
    after = [*found[:number], worse, *found[number + 1 :]]
    assert ORDER.index(alone(after, margin).outcome) >= ORDER.index(alone(found, margin).outcome)


@given(st.lists(blocks(most=3), max_size=12), MARGINS, st.randoms())
def test_the_order_of_blocks_does_not_matter_to_evidence_that_is_not_enough_in_any(found, margin, dice):
    mixed = dice.sample(found, len(found))
    one, other = alone(found, margin), alone(mixed, margin)
    if Outcome.INCONCLUSIVE is one.outcome is other.outcome:
        assert (one.worse, one.not_worse) == pytest.approx((other.worse, other.not_worse))


@given(st.integers(1, 8), st.integers(0, 8), st.integers(0, 8), MARGINS)
def test_a_block_is_as_good_as_its_deliveries_pair_by_pair(size, candidate_failed, baseline_failed, margin):
    failed, other = min(candidate_failed, size), min(baseline_failed, size)
    pairs = [Counts(1, number < failed, 1, number < other) for number in range(size)]
    whole, single = alone([Counts(size, failed, size, other)], margin), alone(pairs, margin)
    if single.outcome is Outcome.INCONCLUSIVE:
        assert (whole.worse, whole.not_worse) == pytest.approx((single.worse, single.not_worse))


@settings(max_examples=50)
@given(blocks(least=1), st.sampled_from([0.0, 0.1]), st.sampled_from([*_WORSE, *_NOT_WORSE]))
def test_the_nearest_hypothesis_is_the_nearest(block, gap, bet):
    def divergence(c, b):
        def one(p, q):
            return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

        return block.candidate * one(bet.candidate, c) + block.baseline * one(bet.baseline, b)

    c, b = nearest(bet.candidate, bet.baseline, block.candidate, block.baseline, gap)
    least = divergence(c, b)
    assert c - b == pytest.approx(gap)
    grid = [number / 200 for number in range(1, 200)]
    assert all(divergence(each + gap, each) >= least - 1e-9 for each in grid if each + gap < 1)


def test_bets_share_one_stake_and_lie_outside_what_they_are_against():
    for bets in (_WORSE, _NOT_WORSE):
        assert math.fsum(math.exp(bet.stake) for bet in bets) == pytest.approx(1)
    assert all(bet.candidate > bet.baseline for bet in _WORSE)
    assert all(bet.candidate == bet.baseline for bet in _NOT_WORSE)


def test_evidence_never_reaches_both_but_if_it_did_it_would_be_a_failure():
    assert Evidence(10, 10).outcome is Outcome.FAIL


@pytest.mark.parametrize("margin", [0, -0.1, 1, 2])
def test_a_margin_is_between_0_and_1(margin):
    with pytest.raises(ValueError, match="margin"):
        alone([CLEAN], margin)


@pytest.mark.parametrize("wrong", [Counts(1, 2, 1, 0), Counts(1, 0, 1, 2), Counts(0, 1, 0, 0), Counts(1, -1, 1, 0)])
def test_more_failures_than_deliveries_are_no_counts(wrong):
    with pytest.raises(ValueError, match="more failures"):
        alone([wrong], 0.1)


def test_a_narrower_margin_asks_for_more():
    needed = [
        next(count for count in range(1000) if alone([CLEAN] * count, margin).outcome is Outcome.PASS)
        for margin in (0.3, 0.2, 0.1, 0.05, 0.02)
    ]
    assert all(few < more for few, more in pairwise(needed))


def mixed(seed, candidate, baseline, count, requests):
    """Looks with four synthetic pairs each, and real requests; the rates are those of alerts, then of requests."""
    alerts = streams(seed, candidate[0], baseline[0], count)
    real = streams(seed + 10**6, candidate[1], baseline[1], count, size=requests)
    return list(zip(alerts, real, strict=True))


def mixed_share(wanted, candidate, baseline, requests, runs=400, count=40):
    """Of seeded runs, how many end so."""
    found = [examine(mixed(seed, candidate, baseline, count, requests), 0.1).outcome for seed in range(runs)]
    return sum(each is wanted for each in found) / runs


@pytest.mark.parametrize("requests", [1, 25])
def test_requests_that_are_merely_answered_do_not_hide_alerts_that_never_came(requests):
    assert mixed_share(Outcome.FAIL, (0.2, 0), (0, 0), requests) >= 0.99
    assert mixed_share(Outcome.PASS, (0.1, 0), (0, 0), requests) <= allowed(BETA, 400)


def test_alerts_that_come_do_not_hide_requests_that_fail():
    assert mixed_share(Outcome.FAIL, (0, 0.2), (0, 0), 10) >= 0.95
    assert mixed_share(Outcome.PASS, (0, 0.2), (0, 0), 10) <= allowed(BETA, 400)


@pytest.mark.parametrize(("alerts", "requests"), [(0, 0), (0.05, 0.2), (0.3, 0)])
def test_of_two_kinds_that_are_not_worse_at_most_one_in_a_hundred_is_refused(alerts, requests):
    assert mixed_share(Outcome.FAIL, (alerts, requests), (alerts, requests), 5) <= allowed(ALPHA, 400)


def test_few_requests_or_none_hold_up_nobody():
    needed = [
        next(n for n in range(99) if examine([(CLEAN, each)] * n, 0.1).outcome is Outcome.PASS)
        for each in (None, Counts(), CLEAN)
    ]
    assert len(set(needed)) == 1


@given(st.lists(st.tuples(blocks(), blocks()), max_size=15), MARGINS, st.data())
def test_more_failures_of_candidates_of_either_kind_never_help(found, margin, data):
    def more(block):
        return replace(block, candidate_failed=data.draw(st.integers(block.candidate_failed, block.candidate)))

    worse = [(more(alerts), more(requests)) for alerts, requests in found]
    assert ORDER.index(examine(worse, margin).outcome) <= ORDER.index(examine(found, margin).outcome)
