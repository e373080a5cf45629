"""Carries out a plan through a port to the hosts: it succeeds whole, or every instance goes back."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from deploy.errors import ForPeople
from deploy.rollout.plan import Plan, Step


@dataclass(frozen=True)
class Answer:
    """How the switch of one instance stands: healthy, confirmed, failed, reverted, busy, lost or stopped, and why."""

    state: str
    reason: str | None = None


class Port(Protocol):
    """What an executor needs of the hosts; every call may take as long as the host's own deadline."""

    async def begin(self, step: Step) -> Answer:
        """Switch, and wait until the instance is healthy or has gone back."""

    async def confirm(self, step: Step) -> Answer:
        """Keep what was switched; `reverted` when it came too late."""

    async def undo(self, step: Step) -> Answer:
        """Go back now."""

    async def revert(self, step: Step) -> Answer:
        """Go back from what was confirmed already."""

    async def stop(self, step: Step) -> Answer:
        """Stop the instance for good."""


_BACK: Final[Mapping[str, frozenset[str]]] = {
    "healthy": frozenset({"reverted"}),
    "confirmed": frozenset({"confirmed", "stopped"}),
}
"""By how far an instance had come: the answers that mean that it is back."""
_NEVER_LEFT: Final = frozenset({"failed", "reverted", "busy"})
"""The answers of an instance that has gone back already, or that somebody else is switching."""


class RolloutFailed(ForPeople):
    """The rollout did not succeed, and was undone as the text says."""


async def execute(plan: Plan, port: Port, tell: Callable[[str], None]) -> None:
    """Do the activations all at once, confirm them when every one is healthy, then do the stops."""
    steps = plan.activations
    if steps:
        tell(f"activating {len(steps)} at once: {', '.join(step.instance for step in steps)}")
    begun = await asyncio.gather(*(port.begin(step) for step in steps))
    if any(answer.state != "healthy" for answer in begun):
        await _go_back(steps, begun, port, tell)
    if steps:
        tell("all healthy: confirming")
    confirmed = await asyncio.gather(*(port.confirm(step) for step in steps))
    if any(answer.state != "confirmed" for answer in confirmed):
        await _go_back(steps, confirmed, port, tell)
    for step in plan.stops:
        tell(f"stopping {step.instance} on {step.host}")
        await port.stop(step)


async def _go_back(steps: Sequence[Step], answers: Sequence[Answer], port: Port, tell: Callable[[str], None]) -> None:
    tell("one failed: all go back")
    back = await asyncio.gather(*(_back(step, answer, port) for step, answer in zip(steps, answers, strict=True)))
    culprits = [(step, each) for step, each in zip(steps, answers, strict=True) if each.state not in _BACK]
    failures = [f"{_where(step)} with {step.generation}: {each.reason or each.state}" for step, each in culprits]
    stuck = [
        _stuck(step, before, after)
        for step, before, after in zip(steps, answers, back, strict=True)
        if after.state not in _BACK.get(before.state, _NEVER_LEFT)
    ]
    end = (
        f"degraded: {', '.join(stuck)}"
        if stuck
        else f"all {len(steps)} instances of the rollout are back on what they ran before"
    )
    raise RolloutFailed(f"rollout failed: {'; '.join(failures)}; {end}; next: threader logs {culprits[0][0].instance}")


def _where(step: Step) -> str:
    return f"{step.instance} on {step.host}"


def _stuck(step: Step, before: Answer, after: Answer) -> str:
    """What is said of an instance that is not known to be back: only what was never confirmed goes back by itself."""
    if before.state == "confirmed":
        return f"{_where(step)} could not go back ({after.reason or after.state})"
    return f"no word yet from {_where(step)} ({after.reason or after.state}), which goes back by itself"


async def _back(step: Step, answer: Answer, port: Port) -> Answer:
    """How one instance goes back, which depends on how far it came; one that failed has gone back already."""
    match answer.state:
        case "healthy":
            return await port.undo(step)
        case "confirmed":
            return await port.revert(step)
        case _:
            return answer
