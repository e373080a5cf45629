"""The way back: never gated, each part of it tried once, and what does not answer is told."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.errors import ForPeople
from deploy.manifest.paths import SLOT, slot_name
from deploy.manifest.running import generation_of
from deploy.rollout.lease import SECONDS
from deploy.rollout.plan import Batch, Kind, Shift, Stage, Step
from deploy.rollout.port import SHIFTED, SUPERSEDED, Answer
from deploy.rollout.run import Run

FRESH: Final = SECONDS / 2
"""For so many seconds an answer about the lease is good."""
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
    """How far the steps of a batch came, what ended it where no step did, and whether edges had no part in it."""

    steps: tuple[Step, ...] = ()
    answers: tuple[Answer, ...] = ()
    stopped: str | None = None
    idle: bool = False

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
    """Whether each host still lets us; raises Superseded when another controller has the fleet.

    An answer that took so long to be read is asked for again: this process was stopped, and the lease may be over.
    """
    asked = {step.host: step for step in steps}
    while True:
        began = run.now()
        found = await asyncio.gather(*(run.port.hold(step) for step in asked.values()))
        if run.now() - began < FRESH:
            break
    reasons = [answer.reason or answer.state for answer in found if answer.state == SUPERSEDED]
    if reasons:
        raise Superseded(reasons[0])
    answers = dict(zip(asked, found, strict=True))
    return tuple(answers[step.host] for step in steps)


def _at_fault(answer: Answer) -> bool:
    return answer.state not in ("healthy", "confirmed") and not (answer.state == "not begun" and not answer.reason)


async def go_back(run: Run, ended: Ended, done: Sequence[Stage], culprits: Collection[str] = ()) -> list[str]:
    """Undo the batch that ended, then the earlier stages from the last to the first; what is not known to be back.

    What `culprits` leave is rejected. Second slots stay where traffic could not go back, or the instance: they have it
    meanwhile. Raises Superseded when another controller has taken over meanwhile.
    """
    stuck, lost = await _all_back(run, ended, culprits), list[str]()
    for stage in reversed(done):
        if isinstance(stage, Shift):
            lost += await _shifted_back(run, stage, {step.instance for step in stuck})
        if isinstance(stage, Batch):
            stays = {slot_name(step.instance) for step in stuck}
            kept = [step for step in stage.steps if step.kind is Kind.KEEP]
            slots = [step for step in kept if lost or step.instance in stays]
            stuck |= dict.fromkeys(slots, "stays, since it may have traffic")
            left = [step for step in stage.steps if step.kind is not Kind.ADMIT and step not in slots]
            steps = tuple(step for step in left if not _needed(step, stuck))
            run.tell(f"going back: {', '.join(step.instance for step in steps)}")
            confirmed = tuple(Answer("confirmed") for _ in steps)
            stuck |= await _all_back(run, Ended(steps, confirmed, idle=stage.idle), culprits)
            stuck |= {step: "stays" for step in stage.steps if step not in slots and _needed(step, stuck)}
    return [*(f"{step.instance} on {step.host} {why}" for step, why in stuck.items()), *dict.fromkeys(lost)]


async def _shifted_back(run: Run, stage: Shift, stuck: Collection[str]) -> list[str]:
    """Move traffic back, but to instances that are not; what is said where an edge did not."""
    back = {server: weight for server, weight in stage.back.items() if _instance(server) not in stuck}
    run.tell("traffic goes back")
    await held(run, run.plan.steps)
    answer = await run.port.shift(back, back=True)
    return [] if answer.state == SHIFTED else [f"traffic: {answer.reason or answer.state}"]


def _instance(server: str) -> str:
    """The instance that a server is, or whose second slot it is."""
    return server.partition(".")[0].removesuffix(SLOT)


def _needed(step: Step, stuck: Collection[Step]) -> bool:
    """Whether going back would stop an instance that could not go back to where it was: it would run nowhere."""
    return generation_of(step.before) is None and step.instance in {each.instance for each in stuck}


async def _all_back(run: Run, ended: Ended, culprits: Collection[str]) -> dict[Step, str]:
    """How each instance goes back, by how far it came; then edges hear of it; why some are not known to be back."""
    steps, pairs = ended.steps, tuple(zip(ended.steps, ended.answers, strict=True))
    confirmed = [step for step, each in pairs if each.state == "confirmed"]
    unsure = [step for step, each in pairs if each.state not in _LEFT | {"confirmed"}]
    way = _Way(run, culprits, ended.idle)
    ways = (_reverted(way, confirmed), *(_undone(way, step) for step in unsure))
    stuck = {step: why for told in await asyncio.gather(*ways) for step, why in told.items()}
    await held(run, steps)
    if not ended.idle:
        await asyncio.gather(*(run.port.admit(step, back=True, sure=step not in stuck) for step in steps))
    return {step: stuck[step] for step in steps if step in stuck}


@dataclass(frozen=True)
class _Way:
    """How instances go back: what `culprits` leave is rejected, and of `idle` ones edges hear nothing."""

    run: Run
    culprits: Collection[str]
    idle: bool


async def _undone(way: _Way, step: Step) -> dict[Step, str]:
    """Order one back that is not confirmed, as far as is known; why it is not known to be back."""
    after = await way.run.port.undo(step)
    if after.state == "confirmed":
        return await _reverted(way, [step])
    if after.state in _LEFT | {"lost"}:
        return {}
    return {step: f"goes back by itself: no word from it yet ({after.reason or after.state})"}


async def _reverted(way: _Way, steps: Sequence[Step]) -> dict[Step, str]:
    """Switch back what was confirmed, all at once, since one may wait for another's port; why those are not back."""
    port = way.run.port
    try:
        await held(way.run, steps)
    except Superseded:
        return dict.fromkeys(steps, "was left to another controller")
    if not way.idle:
        await asyncio.gather(*(port.drain(step, back=True) for step in steps))
    back = await asyncio.gather(*(port.revert(step, reject=step.instance in way.culprits) for step in steps))
    pairs = zip(steps, back, strict=True)
    return {
        step: f"could not go back ({each.reason or each.state})" for step, each in pairs if each.state != "confirmed"
    }
