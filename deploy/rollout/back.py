"""The way back: never gated, each part of it tried once, and what does not answer is told."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.errors import ForPeople
from deploy.rollout.plan import Batch, Kind, Step
from deploy.rollout.port import SUPERSEDED, Answer
from deploy.rollout.run import Run

_LEFT: Final = frozenset({"failed", "reverted", "busy", "not begun"})
"""The answers of an instance that has gone back already, never left, or that somebody else is switching."""


@dataclass(frozen=True)
class Failure:
    """One instance that failed the rollout, where and why; `instance` is empty where it is not one alone."""

    instance: str
    reason: str
    where: str

    @staticmethod
    def of(step: Step, reason: str) -> "Failure":
        """The failure of a step."""
        return Failure(step.instance, reason, f"{step.instance} on {step.host} with {step.generation}: ")

    def __str__(self) -> str:
        return f"{self.where}{self.reason}"


@dataclass(frozen=True)
class Ended:
    """How far the steps of a batch came, and what ended it where no step did."""

    steps: tuple[Step, ...] = ()
    answers: tuple[Answer, ...] = ()
    stopped: str | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The steps at fault; none of a batch that succeeded."""
        pairs = tuple(zip(self.steps, self.answers, strict=True))
        if self.stopped:
            return (Failure("", self.stopped, ""),)
        return tuple(Failure.of(step, each.reason or each.state) for step, each in pairs if _at_fault(each))

    @property
    def unconfirmed(self) -> tuple[Step, ...]:
        """The steps that may be switched and not confirmed."""
        pairs = zip(self.steps, self.answers, strict=True)
        return tuple(step for step, each in pairs if each.state not in _LEFT | {"confirmed"})


class Superseded(ForPeople):
    """Another controller has the fleet: this one did nothing more."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; this deploy did nothing more; next: threader status")


async def held(run: Run, steps: Sequence[Step]) -> tuple[Answer, ...]:
    """Whether each host still lets us; raises Superseded when another controller has the fleet."""
    answers = tuple(await asyncio.gather(*(run.port.hold(step) for step in steps)))
    reasons = [answer.reason or answer.state for answer in answers if answer.state == SUPERSEDED]
    if reasons:
        raise Superseded(reasons[0])
    return answers


def _at_fault(answer: Answer) -> bool:
    return answer.state not in ("healthy", "confirmed") and not (answer.state == "not begun" and not answer.reason)


async def go_back(run: Run, ended: Ended, done: Sequence[Batch], culprits: Collection[str] = ()) -> list[str]:
    """Undo the batch that ended, then the earlier ones from the last to the first; what is not known to be back.

    What `culprits` leave is rejected. Raises Superseded when another controller has taken over meanwhile.
    """
    stuck = await _all_back(run, ended.steps, ended.answers, culprits)
    for batch in reversed(done):
        steps = tuple(step for step in batch.steps if step.kind is not Kind.ADMIT)
        run.tell(f"going back: {', '.join(step.instance for step in steps)}")
        stuck += await _all_back(run, steps, tuple(Answer("confirmed") for _ in steps), culprits)
    return stuck


async def _all_back(run: Run, steps: Sequence[Step], answers: Sequence[Answer], culprits: Collection[str]) -> list[str]:
    pairs = zip(steps, answers, strict=True)
    back = await asyncio.gather(*(_back(run, step, each, step.instance in culprits) for step, each in pairs))
    await held(run, steps)
    known = zip(steps, (text is None for text in back), strict=True)
    await asyncio.gather(*(run.port.admit(step, back=True, sure=sure) for step, sure in known))
    return [text for text in back if text]


async def _back(run: Run, step: Step, answer: Answer, reject: bool) -> str | None:
    """How one instance goes back, by how far it came; what is said of one that is not known to be back."""
    where = f"{step.instance} on {step.host}"
    if answer.state in _LEFT:
        return None
    if answer.state != "confirmed":
        after = await run.port.undo(step)
        if after.state in _LEFT or after.state == "lost":
            return None
        if after.state != "confirmed":
            return f"no word yet from {where} ({after.reason or after.state}), which goes back by itself"
    kept = await run.port.hold(step)
    if kept.state == SUPERSEDED:
        return f"{where} was left to another controller ({kept.reason or kept.state})"
    await run.port.drain(step, back=True)
    reverted = await run.port.revert(step, reject=reject)
    if reverted.state == "confirmed":
        return None
    return f"{where} could not go back ({reverted.reason or reverted.state})"
