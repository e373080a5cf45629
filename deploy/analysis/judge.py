"""What a gate says of its measurements, by a rule that it can tell; the same measurements always say the same. Pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from deploy.analysis.conditions import Condition, parse
from deploy.analysis.gates import Counts, GateKind, GateSpec, Measurement, Outcome, Verdict
from deploy.analysis.sequential import ALPHA, BETA, Evidence, examine

YES_OR_NO: Final = ("== 1", "< 1")
"""When what can only be right or wrong succeeds, and when it fails: all answered, or the command ended with 0."""
_FORM: Final = TypeAdapter(Verdict)


def judge(gate: GateSpec, measurements: Sequence[Measurement]) -> Verdict:
    """What they come to; without data it is inconclusive."""
    heard, silence = _heard(gate, measurements)
    outcome, reason = (_compared if gate.kind is GateKind.COMPARE else _counted)(gate, heard)
    if outcome is Outcome.INCONCLUSIVE and silence:
        reason = silence
    return Verdict(gate, outcome, reason, tuple(measurements), rule(gate))


def done(gate: GateSpec, measurements: Sequence[Measurement], now: float) -> bool:
    """Whether it needs, or has time for, no further measurement, `now` seconds after its check began."""
    verdict = judge(gate, measurements)
    sure = verdict.outcome is not Outcome.INCONCLUSIVE or _heard(gate, measurements)[1] is not None
    return sure or (bool(measurements) and now + gate.interval > gate.limit)


def recheck(verdict: Verdict) -> Verdict:
    """The same gate's verdict on the measurements that were kept, found again."""
    return judge(verdict.gate, verdict.measurements)


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON has it."""
    found: dict[str, Any] = _FORM.dump_python(verdict, mode="json")
    return found


def read(record: Mapping[str, Any]) -> Verdict | None:
    """The verdict in a record; None where it is spoilt, or written by another version."""
    try:
        return _FORM.validate_python(record)
    except ValidationError:
        return None


def rule(gate: GateSpec) -> str:
    """How it decides, in words."""
    silence = f"after more than {gate.errors} errors in a row, it is inconclusive"
    if gate.kind is GateKind.COMPARE:
        return (
            "a sequential test of failed deliveries, candidates against baselines: it fails at most"
            f" {ALPHA:.0%} of those that are not worse, and passes at most {BETA:.0%} of those that are worse by"
            f" {_percent(gate.margin)} or more; until it is sure, without deliveries of both, or {silence}"
        )
    if gate.kind is GateKind.SMOKE:
        what = "every candidate answers /health, /ready and /metrics"
        return (
            f"pass when {what}, {gate.count} times; fail when one does not, more than {gate.failures} times; {silence}"
        )
    success, failure = conditions(gate)
    passes = (
        f"pass when {gate.count} measurements are {success}" if success else "no success condition: it never passes"
    )
    fails = f"fail when more than {gate.failures} are {failure}" if failure else "no failure condition: it never fails"
    return f"{passes}; {fails}; otherwise, without data, or {silence}"


def conditions(gate: GateSpec) -> tuple[Condition | None, Condition | None]:
    """When a measured value succeeds, and when it fails."""
    given = (gate.success, gate.failure)
    if gate.kind is GateKind.SMOKE or (gate.kind is GateKind.COMMAND and not any(given)):
        given = YES_OR_NO
    success, failure = (parse(text) if text else None for text in given)
    return success, failure


def _heard(gate: GateSpec, measurements: Sequence[Measurement]) -> tuple[Sequence[Measurement], str | None]:
    """The measurements until too many in a row were errors, and what is said of these."""
    row = 0
    for number, each in enumerate(measurements, start=1):
        row = row + 1 if each.error is not None else 0
        if row > gate.errors:
            return measurements[:number], f"{row} errors in a row, the last: {each.error}"
    return measurements, None


def _counted(gate: GateSpec, measurements: Sequence[Measurement]) -> tuple[Outcome, str]:
    """By how many values met a condition."""
    success, failure = conditions(gate)
    good, bad, values = 0, 0, [each for each in measurements if _value(each) is not None]
    for number, each in enumerate(values, start=1):
        good, bad = good + _holds(success, each), bad + _holds(failure, each)
        if bad > gate.failures:
            return Outcome.FAIL, f"{_said(gate, each)}; {bad} of {number} {failure}, {gate.failures} may be"
        if good >= gate.count:
            return Outcome.PASS, f"{_said(gate, each)}; {good} of {number} {success}"
    if not values:
        return Outcome.INCONCLUSIVE, _no_data(measurements)
    neither = len(values) - good - bad
    numbers = f"{good} of {gate.count} succeeded, {bad} failed, {neither} did neither"
    return Outcome.INCONCLUSIVE, f"{_said(gate, values[-1])}; {numbers}"


def _compared(gate: GateSpec, measurements: Sequence[Measurement]) -> tuple[Outcome, str]:
    """By the sequential test."""
    alerts, requests = sums(measurements)
    if Counts() == alerts == requests:
        return Outcome.INCONCLUSIVE, _no_data(measurements)
    numbers = _numbers(alerts, requests)
    if not alerts.compares and not requests.compares:
        detail = next((f" ({each.detail})" for each in reversed(measurements) if each.detail), "")
        return Outcome.INCONCLUSIVE, f"{numbers}: nothing to compare with{detail}"
    evidence = examine(((each.counts, each.traffic) for each in measurements), gate.margin)
    first = next((each.detail for each in measurements if each.counts and each.counts.candidate_failed), "")
    why = f"; the first: {first}" if first and evidence.outcome is Outcome.FAIL else ""
    return evidence.outcome, f"{numbers}: {_weighed(evidence, gate.margin)}{why}"


def sums(measurements: Sequence[Measurement]) -> tuple[Counts, Counts]:
    """All synthetic alerts, and all requests at the edges."""
    none = Counts()
    alerts = sum((each.counts for each in measurements if each.counts), none)
    return alerts, sum((each.traffic for each in measurements if each.traffic), none)


def _numbers(alerts: Counts, requests: Counts) -> str:
    """How many were delivered of all, of each kind that there were."""
    return ", ".join(
        f"{kind}{_delivered(each.candidate, each.candidate_failed)} candidate,"
        f" {_delivered(each.baseline, each.baseline_failed)} baseline"
        for kind, each in (("", alerts), ("requests ", requests))
        if each != Counts()
    )


def _weighed(evidence: Evidence, margin: float) -> str:
    worse, not_worse = (f"evidence {_number(each)} of" for each in (evidence.worse, evidence.not_worse))
    bad, good = f"worse ({worse} {1 / ALPHA:.0f})", f"not worse by {_percent(margin)} ({not_worse} {1 / BETA:.0f})"
    return {Outcome.FAIL: bad, Outcome.PASS: good}.get(evidence.outcome, f"not sure: {bad}, {good}")


def _delivered(count: int, failed: int) -> str:
    return f"{count - failed} of {count}" if count else "no"


def _value(each: Measurement) -> float | None:
    """What it measured; what is no finite number is no data."""
    usable = each.error is None and each.value is not None and math.isfinite(each.value)
    return each.value if usable else None


def _holds(condition: Condition | None, each: Measurement) -> bool:
    return condition is not None and each.value is not None and condition.holds(each.value)


def _said(gate: GateSpec, each: Measurement) -> str:
    plain = gate.kind in (GateKind.SMOKE, GateKind.COMMAND) and each.detail
    return each.detail if plain else f"{each.value:.6g}" + (f" ({each.detail})" if each.detail else "")


def _no_data(measurements: Sequence[Measurement]) -> str:
    why = next((each.error or each.detail for each in reversed(measurements) if each.error or each.detail), "")
    return f"no data: {why}" if why else "no data"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _number(log: float) -> str:
    return f"{math.exp(log):.3g}" if log < 23 else f"1e{log / math.log(10):.0f}"
