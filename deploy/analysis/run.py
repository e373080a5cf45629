"""Carries out a check: all its gates side by side, each in its own time, and what follows from their verdicts.

Pure apart from the measures, the clock and the pauses, which are passed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from deploy.analysis.gates import Action, GateSpec, Measurement, Outcome, Verdict
from deploy.analysis.judge import done, judge
from deploy.rollout.plan import Check

Clock = Callable[[], float]
Pause = Callable[[float], Awaitable[None]]

LISTENED: Final = 0.5
"""Seconds between two looks at whether somebody cancelled."""


class Measures(Protocol):
    """Where the numbers come from: real hosts, or a simulation."""

    async def measure(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        """One measurement, `at` seconds after the check began; what goes wrong is its `error`: it never raises."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the verdicts of a check come to, what a failure does to the rollout, and why.

    What follows from an inconclusive one is the stack's to say (`rollout.hold`). A pass with WARN is one on which a
    gate that changes nothing has something to say.
    """

    outcome: Outcome
    action: Action | None
    reason: str


async def analyse(
    check: Check,
    gates: Sequence[GateSpec],
    measures: Measures,
    clock: Clock,
    pause: Pause,
    cancelled: Callable[[], bool],
    tell: Callable[[str], None],
) -> tuple[Verdict, ...]:
    """The verdicts of the gates of the check's phase, in their order.

    All end once one has failed for which the fleet goes back, or when it is cancelled.
    """
    began = clock()
    watches = [
        _Watch(gate, check, measures, lambda: clock() - began, pause, tell)
        for gate in gates
        if check.phase in gate.phases
    ]
    tasks = {asyncio.create_task(each.watch()): each for each in watches}
    why = await _ended(tasks, asyncio.create_task(_cancelled(cancelled, pause))) if tasks else ""
    return tuple(each.verdict(why) for each in watches)


def conclude(verdicts: Sequence[Verdict]) -> Conclusion:
    """The worst of the gates that decide; those that only warn, or run dry, are told."""
    deciding = [each for each in verdicts if _decides(each.gate)]
    warned = [each for each in verdicts if not _decides(each.gate) and each.outcome is not Outcome.PASS]
    failed = [each for each in deciding if each.outcome is Outcome.FAIL]
    unsure = [each for each in deciding if each.outcome is Outcome.INCONCLUSIVE]
    notes = [f"{_spoken(each)} ({'dry run' if each.gate.dry_run else 'warns only'})" for each in warned]
    if failed:
        rollback = any(each.gate.on_fail is Action.ROLLBACK for each in failed)
        action = Action.ROLLBACK if rollback else Action.HOLD
        return Conclusion(Outcome.FAIL, action, _joined(failed, notes))
    if unsure:
        return Conclusion(Outcome.INCONCLUSIVE, None, _joined(unsure, notes))
    if not deciding:
        return Conclusion(Outcome.INCONCLUSIVE, None, "; ".join(["no gate looked at it", *notes]))
    return Conclusion(Outcome.PASS, Action.WARN if warned else None, _joined(deciding, notes))


def _decides(gate: GateSpec) -> bool:
    return not gate.dry_run and gate.on_fail is not Action.WARN


def _spoken(verdict: Verdict) -> str:
    words = {Outcome.PASS: "passed", Outcome.FAIL: "failed", Outcome.INCONCLUSIVE: "is inconclusive"}
    return f"{verdict.gate.name} {words[verdict.outcome]}: {verdict.reason}"


def _joined(verdicts: Sequence[Verdict], notes: Sequence[str]) -> str:
    return "; ".join([*map(_spoken, verdicts), *notes])


class _Watch:
    """One gate on its way through a check."""

    def __init__(
        self,
        gate: GateSpec,
        check: Check,
        measures: Measures,
        elapsed: Clock,
        pause: Pause,
        tell: Callable[[str], None],
    ) -> None:
        self._gate, self._check, self._measures = gate, check, measures
        self._elapsed, self._pause, self._tell = elapsed, pause, tell
        self._found: list[Measurement] = []
        self._finished = False
        self._last = ""

    async def watch(self) -> None:
        """Measure until nothing more is needed, telling what is new."""
        if self._gate.delay:
            await self._pause(self._gate.delay)
        while not self._finished:
            began = self._elapsed()
            self._found.append(await self._measures.measure(self._gate, self._check, began))
            self._finished = done(self._gate, self._found, self._elapsed())
            self._say(judge(self._gate, self._found))
            if not self._finished:
                await self._pause(max(0.0, began + self._gate.interval - self._elapsed()))

    def verdict(self, why: str = "") -> Verdict:
        """What it says by now; `why` it was ended, where it was not finished."""
        verdict = judge(self._gate, self._found)
        return replace(verdict, reason=f"{verdict.reason}; {why}") if why and not self._finished else verdict

    @property
    def failed(self) -> str | None:
        """Its name, where it has failed so that the fleet goes back."""
        fatal = _decides(self._gate) and self._gate.on_fail is Action.ROLLBACK
        return self._gate.name if fatal and self.verdict().outcome is Outcome.FAIL else None

    def _say(self, verdict: Verdict) -> None:
        text = f"{self._gate.name}: {verdict.reason}"
        if self._finished:
            text = f"{self._gate.name} {verdict.outcome}{' (dry run)' if self._gate.dry_run else ''}: {verdict.reason}"
        if text != self._last:
            self._tell(text)
        self._last = text


async def _cancelled(cancelled: Callable[[], bool], pause: Pause) -> None:
    while not cancelled():
        await pause(LISTENED)


async def _ended(tasks: "dict[asyncio.Task[None], _Watch]", cancelled: "asyncio.Task[None]") -> str:
    """Wait for all, or for what ends them early: why, or nothing."""
    waiting = set(tasks)
    try:
        while waiting:
            over, _ = await asyncio.wait({*waiting, cancelled}, return_when=asyncio.FIRST_COMPLETED)
            if cancelled in over:
                return "cancelled"
            waiting -= over
            for task in over:
                task.result()
                if tasks[task].failed and waiting:
                    return f"ended, since {tasks[task].failed} has failed"
        return ""
    finally:
        for task in (*tasks, cancelled):
            task.cancel()
        await asyncio.gather(*tasks, cancelled, return_exceptions=True)
