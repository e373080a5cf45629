"""One sequential test of candidates against baselines on failed deliveries, exact however often one looks. Pure.

Two e-processes over blocks of counts, as of Turner, Ly & Grünwald, "Generic E-variables for exact sequential k-sample
tests that allow for optional stopping" (J. Stat. Plan. Inference 230, 2024), and Turner & Grünwald, "Exact
anytime-valid confidence intervals for contingency tables and beyond" (Stat. Probab. Lett. 198, 2023). Each is a bet
against a null hypothesis, with c and b the shares of deliveries that fail at candidates and baselines:

  worse      against c <= b, "not worse": it reaches 1/ALPHA -> FAIL
  not worse  against c >= b + margin, "worse by the margin or more": it reaches 1/BETA -> PASS

and until one of them is there, INCONCLUSIVE. By Ville's inequality a bet against what is true ever reaches 1/x with a
probability of at most x. So, whenever one stops and whatever the base rate, of candidates that are not worse at most
ALPHA = 1 % are refused, and of those that are worse by the margin or more at most BETA = 5 % pass. docs/analysis.md
has the formulae, why the bets are mixtures over fixed alternatives, and how two kinds of deliveries come together.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from deploy.analysis.gates import Counts, Outcome

ALPHA: Final = 0.01
"""The most of candidates that are not worse that are refused."""
BETA: Final = 0.05
"""The most of candidates that are worse by the margin, or more, that pass."""

_BASES: Final = ((0.002, 0.6), (0.03, 0.1), (0.1, 0.1), (0.25, 0.1), (0.5, 0.1))
"""Shares of deliveries that may fail at baselines, with what is put on each: mostly, nearly nothing fails."""
_GAPS: Final = ((0.1, 0.4), (0.2, 0.35), (0.4, 0.25))
"""How much more may fail at candidates that are worse."""
_HALVINGS: Final = 64


@dataclass(frozen=True, slots=True)
class Evidence:
    """The logarithms of what both bets have come to; 0 is where they begin."""

    worse: float = 0.0
    not_worse: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """What it is enough for."""
        if self.worse >= -math.log(ALPHA):
            return Outcome.FAIL
        return Outcome.PASS if self.not_worse >= -math.log(BETA) else Outcome.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class _Bet:
    """One alternative: the shares that fail at candidates and baselines, and the logarithm of what is put on it."""

    candidate: float
    baseline: float
    stake: float


_WORSE: Final = tuple(
    _Bet(base + gap, base, math.log(on_base * on_gap)) for (base, on_base), (gap, on_gap) in product(_BASES, _GAPS)
)
_NOT_WORSE: Final = tuple(_Bet(base, base, math.log(stake)) for base, stake in _BASES)


def examine(looks: Iterable[tuple[Counts | None, Counts | None]], margin: float) -> Evidence:
    """The evidence of synthetic alerts and of real requests, look after look, up to the first that is enough.

    Half of what is bet on "worse" is bet on each. They pass once the synthetic alerts alone say so, and both together:
    requests that were merely answered, however many, make up for no alert that never came to Slack.
    """
    synthetic, traffic, evidence = _Sums(margin), _Sums(margin), Evidence()
    for alerts, requests in looks:
        synthetic.add(alerts)
        traffic.add(requests)
        evidence = _both(synthetic, traffic)
        if evidence.outcome is not Outcome.INCONCLUSIVE:
            break
    return evidence


class _Sums:
    """What each single bet on one kind of deliveries has come to; whether there were any of its kind, on both sides."""

    def __init__(self, margin: float) -> None:
        if not 0 < margin < 1:
            raise ValueError(f"a margin of {margin:g} is not between 0 and 1")
        self._margin = margin
        self._worse = [bet.stake for bet in _WORSE]
        self._not_worse = [bet.stake for bet in _NOT_WORSE]
        self.expected = self.compared = False

    def add(self, block: Counts | None) -> None:
        """One more block; one that has only one side compares nothing."""
        if block is None:
            return
        if not 0 <= block.candidate_failed <= block.candidate or not 0 <= block.baseline_failed <= block.baseline:
            raise ValueError(f"{block} counts more failures than deliveries")
        self.expected = True
        if block.compares:
            self.compared = True
            self._worse = [so_far + _won(bet, block, 0.0) for so_far, bet in zip(self._worse, _WORSE, strict=True)]
            pairs = zip(self._not_worse, _NOT_WORSE, strict=True)
            self._not_worse = [so_far + _won(bet, block, self._margin) for so_far, bet in pairs]

    @property
    def evidence(self) -> Evidence:
        """All bets of each kind together."""
        return Evidence(_log_of_sum(self._worse), _log_of_sum(self._not_worse))


def _both(synthetic: _Sums, traffic: _Sums) -> Evidence:
    alerts, requests = synthetic.evidence, traffic.evidence
    if not traffic.expected:
        return alerts
    worse = _log_of_sum((alerts.worse, requests.worse)) - math.log(2)
    if not synthetic.compared:
        return Evidence(worse, requests.not_worse)
    return Evidence(worse, alerts.not_worse + min(0.0, requests.not_worse))


def _won(bet: _Bet, block: Counts, gap: float) -> float:
    """The logarithm of how much likelier the block is by the bet than by the null hypothesis that comes nearest."""
    candidate, baseline = nearest(bet.candidate, bet.baseline, block.candidate, block.baseline, gap)
    return _likelier(block.candidate, block.candidate_failed, bet.candidate, candidate) + _likelier(
        block.baseline, block.baseline_failed, bet.baseline, baseline
    )


def _likelier(count: int, failed: int, rate: float, other: float) -> float:
    return failed * math.log(rate / other) + (count - failed) * math.log((1 - rate) / (1 - other))


@lru_cache(maxsize=4096)
def nearest(candidate: float, baseline: float, candidates: int, baselines: int, gap: float) -> tuple[float, float]:
    """The rates that differ by `gap` with the least divergence (of Kullback and Leibler) from the given ones.

    It is weighted by the numbers of deliveries. It is convex along that line, so its slope is halved down to zero.
    """
    low, high = max(0.0, -gap), min(1.0, 1.0 - gap)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rate = middle + gap
        if not (low < middle < high and 0 < rate < 1):
            break
        slope = candidates * (rate - candidate) / (rate * (1 - rate))
        slope += baselines * (middle - baseline) / (middle * (1 - middle))
        low, high = (low, middle) if slope > 0 else (middle, high)
    return (low + high) / 2 + gap, (low + high) / 2


def _log_of_sum(logs: Sequence[float]) -> float:
    most = max(logs)
    return most + math.log(math.fsum(math.exp(each - most) for each in logs))
