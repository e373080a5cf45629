"""Why gates said what they said: each verdict with its rule, its numbers and its window, and found again. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.analysis.gates import Counts, GateKind, Measurement, Outcome, Verdict
from deploy.analysis.judge import read, recheck, sums
from deploy.cli.account import Account
from deploy.rollout.story import Seen, Story

MOST: Final = 12
"""So many values are shown; --json has all."""
STYLES: Final = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow"}


@dataclass(frozen=True)
class Line:
    """A line of text, and how it is coloured."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Again:
    """A stored verdict, and what the same measurements come to now."""

    step: int
    stored: Verdict
    now: Verdict

    @property
    def same(self) -> bool:
        """Whether it is the same; a verdict that was cut short has why behind its reason."""
        return self.now.outcome is self.stored.outcome and self.stored.reason.startswith(self.now.reason)


def why(account: Account) -> list[Line]:
    """Every verdict of a rollout."""
    story = account.story
    if story is None or not story.seen:
        return [Line(f"{account.id} is {account.where}: no gate has said anything")]
    head = f"{account.id} is {account.where}{f': {account.reason}' if account.reason else ''}"
    return [Line(head), *(line for seen in story.seen for line in (Line(""), *_seen(story, seen)))]


def why_held(account: Account) -> list[Line]:
    """What a person decides on: why it is held, and the last that gates said."""
    story, head = account.story, Line(f"{account.id} is {account.where}: {account.reason}", "bold")
    return [head, *(_seen(story, story.seen[-1]) if story and story.seen else ())]


def _seen(story: Story, seen: Seen) -> Iterator[Line]:
    yield Line(f"{_title(story, seen)}: {seen.next}", "bold")
    for record in seen.verdicts:
        verdict = read(record)
        yield from _verdict(verdict) if verdict else [Line(f"   written by another version: {dict(record)}")]


def _title(story: Story, seen: Seen) -> str:
    stages = story.plan.stages
    return stages[seen.at].lines(seen.at + 1)[0] if seen.at < len(stages) else f"{seen.at + 1}."


def _verdict(verdict: Verdict) -> Iterator[Line]:
    gate = verdict.gate
    weight = " (dry run)" if gate.dry_run else f" (only {gate.on_fail}s)" if gate.on_fail != "rollback" else ""
    yield Line(f"   {gate.name}: {verdict.outcome}{weight}", STYLES[verdict.outcome])
    for name, text in facts(verdict).items():
        yield Line(f"      {name:<8}{text}")


def facts(verdict: Verdict) -> dict[str, str]:
    """What a verdict rests on, as texts by name."""
    gate, found = verdict.gate, verdict.measurements
    query = {"query": gate.query} if gate.query else {}
    return {
        "said": verdict.reason,
        "rule": verdict.rule,
        **query,
        "values": compared(found) if gate.kind is GateKind.COMPARE else values(found),
        "window": window(found),
        "sample": sample(gate.kind, found),
    }


def values(found: Sequence[Measurement]) -> str:
    """The values in their order; of a measurement that failed, why."""
    texts = [
        f"error: {each.error}" if each.error else "none" if each.value is None else f"{each.value:.6g}"
        for each in found
    ]
    rest = f", and {len(texts) - MOST} more (--json)" if len(texts) > MOST else ""
    return ", ".join(texts[:MOST]) + rest or "none"


def compared(found: Sequence[Measurement]) -> str:
    """The failed deliveries of candidates and of baselines."""
    alerts, requests = sums(found)
    return "; ".join(
        f"{what}candidates {each.candidate_failed} of {each.candidate} failed,"
        f" baselines {each.baseline_failed} of {each.baseline}"
        for what, each in (("", alerts), ("requests: ", requests))
        if each != Counts() or not what
    )


def window(found: Sequence[Measurement]) -> str:
    """From when to when it measured, after its check began."""
    return f"{found[0].at:.1f} s to {found[-1].at:.1f} s after the check began" if found else "nothing was measured"


def sample(kind: GateKind, found: Sequence[Measurement]) -> str:
    """How much it rests on."""
    errors = sum(each.error is not None for each in found)
    of = f"{len(found)} measurement{'' if len(found) == 1 else 's'}{f', {errors} of them errors' if errors else ''}"
    if kind is not GateKind.COMPARE:
        return of
    alerts, requests = sums(found)
    every = alerts + requests
    return f"{every.candidate} deliveries of candidates, {every.baseline} of baselines, in {of}"


def again(story: Story) -> list[Again]:
    """Every verdict that can be read, found again from what was measured."""
    read_ones = ((seen.at + 1, read(record)) for seen in story.seen for record in seen.verdicts)
    return [Again(step, verdict, recheck(verdict)) for step, verdict in read_ones if verdict]


def rechecked(found: Sequence[Again]) -> list[Line]:
    """What came out, a line for each verdict."""
    return [_again(each) for each in found] or [Line("no gate has said anything")]


def _again(each: Again) -> Line:
    name, of = f"{each.step}. {each.stored.gate.name}", sample(each.stored.gate.kind, each.stored.measurements)
    if each.same:
        return Line(f"{name}: {each.now.outcome} again, from {of}", "green")
    stored, now = (f"{one.outcome} ({one.reason})" for one in (each.stored, each.now))
    return Line(f"{name}: DIFFERS: it was {stored}, and is {now} now, from {of}", "red")


def as_record(each: Again) -> Mapping[str, Any]:
    """The same for programs."""
    stored, now = ({"outcome": str(one.outcome), "reason": one.reason} for one in (each.stored, each.now))
    return {"step": each.step, "gate": each.stored.gate.name, "same": each.same, "stored": stored, "now": now}
