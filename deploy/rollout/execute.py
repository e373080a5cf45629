"""Carries out a plan through a port to the hosts: it succeeds whole, holds, or the whole fleet goes back."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn

from deploy.errors import ForPeople
from deploy.rollout.back import FRESH, Ended, Failure, Superseded, go_back, held
from deploy.rollout.plan import Batch, Check, Hold, Kind, Shift, Stage, Step
from deploy.rollout.port import DRAINED, GRANTED, READY, SHIFTED, SUPERSEDED, UNREACHABLE, Answer
from deploy.rollout.run import Next, Run
from deploy.rollout.watch import Watch

AGAIN_SECONDS: Final = 1.0
"""Seconds between two looks at instances that have to be well before the next batch."""

LISTENED: Final = 2.0
"""Seconds between two looks, while gates measure, at whether somebody wants the rollout to end."""

BACK: Final = "are back on what they ran before"
DEGRADED: Final = "degraded: "
"""How a failed rollout says that all could be undone, or not all: the command line knows them by these words."""


class RolloutFailed(ForPeople):
    """The rollout did not succeed, and was undone as the text says."""


class Degraded(RolloutFailed):
    """Not all of it could be undone."""


@dataclass(frozen=True)
class Held:
    """The rollout waits for a person before stage number `at` (from 0), for a reason."""

    at: int
    reason: str


@dataclass(frozen=True)
class _Stopped:
    """A stage after which the fleet goes back: why, how far the stage came, and which instances are to blame."""

    failures: tuple[Failure, ...]
    ended: Ended = field(default_factory=Ended)
    culprits: frozenset[str] = frozenset()


async def execute(run: Run, start: int = 0) -> Held | None:
    """Do stage after stage, from number `start` on; those before it are done already.

    Ends with Held where a person has to decide. Raises RolloutFailed once the fleet is back, Superseded when another
    controller took over.
    """
    plan, done = run.plan, list(run.plan.stages[:start])
    several = len(plan.stages) > 1  # in a single one nothing waits, and nothing is older than its confirmation
    watch = Watch(run.port, plan, await run.port.survey(plan.watched) if several else {})
    for number, stage in enumerate(plan.stages[start:], start=start):
        await run.reached(number, None)
        await _listened(run, number > start)
        found = await _staged(run, watch, done, stage, number)
        if isinstance(found, Held):
            return found
        if found:
            await _fail(run, found, [*done, stage] if isinstance(stage, Shift) else done)
        done.append(stage)
    failures = await watch.updated(done) if several and not _final(done) else ()
    if failures:
        await _fail(run, _Stopped(failures), done)
    await _leave(run)
    return None


def _final(done: Sequence[Stage]) -> bool:
    """Whether nothing can be undone any more: second slots that could take the traffic are gone."""
    batches = [stage for stage in done if isinstance(stage, Batch)]
    return any(step.kind is Kind.DROP for batch in batches for step in batch.steps)


async def _staged(run: Run, watch: Watch, done: Sequence[Stage], stage: Stage, number: int) -> _Stopped | Held | None:
    """Do one stage; None when the next one may begin."""
    if run.cancelled.is_set():
        return _Stopped((Failure("", run.cancelled.why, ""),))
    count = f"{number + 1} of {len(run.plan.stages)}"
    match stage:
        case Batch():
            failures = () if stage.idle else await _between(run, watch, done, stage)
            if failures:
                return _Stopped(failures)
            run.tell(f"{count}: {', '.join(f'{step.kind} {step.instance}' for step in stage.steps)}")
            ended = await _switch(run, stage)
            return _Stopped(ended.failures, ended) if ended.failures else None
        case Shift():
            run.tell(f"{count}: {stage.title}")
            return await _shifted(run, watch, done, stage)
        case Check():
            run.tell(f"{count}: {stage.title}")
            return await _checked(run, stage, number)
        case Hold():
            return Held(number, stage.title)


async def _listening(run: Run) -> None:
    while not run.cancelled.is_set():
        await run.pause(LISTENED)
        await _listened(run)


async def _listened(run: Run, wanted: bool = True) -> None:
    """Cancel when somebody asked for it on the hosts."""
    who = await run.port.asked(run.plan.steps[0].host) if wanted and run.plan.steps else None
    if who:
        run.cancelled.because(who)


async def _shifted(run: Run, watch: Watch, done: Sequence[Stage], stage: Shift) -> _Stopped | None:
    """Move traffic at all edges. Where one does not, who has fallen ill is to blame."""
    sick = () if stage.home else await watch.updated(done)
    if sick:
        return _Stopped(sick)
    await held(run, run.plan.steps)
    answer = await run.port.shift(stage.weights, back=stage.home)
    if answer.state == SHIFTED:
        return None
    return _Stopped((*await watch.updated(done), Failure("", answer.reason or answer.state, "")))


async def _checked(run: Run, stage: Check, number: int) -> _Stopped | Held | None:
    listening = asyncio.create_task(_listening(run))
    try:
        judged = await run.judge(stage)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    await run.reached(number, judged)
    if run.cancelled.is_set():
        return _Stopped((Failure("", run.cancelled.why, ""),))
    if judged.next is Next.HOLD:
        return Held(number, judged.reason)
    names = frozenset(place.instance for place in stage.candidates)
    return _Stopped((Failure("", judged.reason, ""),), culprits=names) if judged.next is Next.BACK else None


async def _leave(run: Run) -> None:
    """Places and slots that nobody goes back to any more are let go."""
    left = [step for step in run.plan.steps if step.server_before not in (None, step.server)]
    slots = [step for step in run.plan.steps if step.kind is Kind.KEEP]
    await held(run, run.plan.steps)  # what another controller has undone meanwhile did not succeed
    answers = await asyncio.gather(*(run.port.retire(step) for step in left), *(_warm(run, step) for step in slots))
    for step, answer in zip([*left, *slots], answers, strict=True):
        if answer.state == UNREACHABLE:
            what = "stays as it is" if step.kind is Kind.KEEP else "it keeps a server that nothing answers at"
            run.tell(f"{answer.reason}: {what}")


async def _between(run: Run, watch: Watch, done: Sequence[Stage], batch: Batch) -> tuple[Failure, ...]:
    """Wait; then what was updated has to be well, and so many others that the next batch may go."""
    if not any(isinstance(stage, Batch) for stage in done):
        return ()
    if run.pace.wait:
        run.tell(f"waiting {run.pace.wait:g} s")
        await run.pause(run.pace.wait)
    end = run.now() + run.pace.progress_deadline
    while not run.cancelled.is_set():
        failures = await watch.updated(done)
        down = {} if failures else await watch.down(batch)
        if failures or run.pace.allows(len(down), sum(step.costs for step in batch.steps)):
            return failures
        whys = ", ".join(f"{name} ({why})" for name, why in down.items())
        if run.now() >= end:
            return (Failure("", f"no progress for {run.pace.progress_deadline:g} s: waited for {whys}", ""),)
        run.tell(f"waiting for {whys}")
        await run.pause(AGAIN_SECONDS)
    return ()


async def _switch(run: Run, batch: Batch) -> Ended:
    """One batch: drain, switch, confirm when all are healthy, and admit; edges hear nothing of an idle one."""
    port, steps = run.port, tuple(step for step in batch.steps if step.kind is not Kind.ADMIT)
    if run.cancelled.is_set():
        return Ended(stopped=run.cancelled.why)
    kept = await held(run, steps)
    if any(answer.state != GRANTED for answer in kept):
        return Ended(steps, tuple(_not_begun(answer, GRANTED) for answer in kept), idle=batch.idle)
    drained = () if batch.idle else await asyncio.gather(*(port.drain(step) for step in steps))
    if any(answer.state != DRAINED for answer in drained):
        return Ended(steps, tuple(_not_begun(answer, DRAINED) for answer in drained))
    answers = await _timely(run, [port.begin(step) for step in steps])
    if run.cancelled.is_set():
        return Ended(steps, answers, run.cancelled.why, batch.idle)
    if any(answer.state != "healthy" for answer in answers):
        return Ended(steps, answers, idle=batch.idle)
    lacking = None if batch.idle else _lacking(await asyncio.gather(*(port.reach(step) for step in steps)))
    if lacking:
        return Ended(steps, answers, lacking)
    began = run.now()
    ended = Ended(steps, tuple(await asyncio.gather(*(port.confirm(step) for step in steps))), idle=batch.idle)
    if ended.failures or batch.idle:
        return ended
    if run.now() - began > FRESH:
        await held(run, steps)
    return replace(
        ended, stopped=_lacking(await asyncio.gather(*(port.admit(step, back=False) for step in batch.steps)))
    )


def _lacking(admitted: Sequence[Answer]) -> str | None:
    """What keeps edges from sending to all instances."""
    return "; ".join(answer.reason or answer.state for answer in admitted if answer.state != READY) or None


async def _warm(run: Run, step: Step) -> Answer:
    """Let a slot end by itself; one that can not goes at once."""
    answer = await run.port.warm(step, run.plan.warm)
    return await run.port.revert(step, reject=False) if answer.state == "failed" else answer


def _not_begun(answer: Answer, well: str) -> Answer:
    return Answer("not begun", None if answer.state == well else answer.reason or answer.state)


async def _timely(run: Run, calls: Sequence[Awaitable[Answer]]) -> tuple[Answer, ...]:
    """The answers; of calls that take longer than the progress deadline, that they are unreachable."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    if tasks:
        await asyncio.wait(tasks, timeout=run.pace.progress_deadline)
    late = Answer(UNREACHABLE, f"no progress for {run.pace.progress_deadline:g} s")
    for task in tasks:
        task.cancel()
    return tuple(late if task.cancelled() or not task.done() else task.result() for task in tasks)


async def _fail(run: Run, stopped: _Stopped, done: Sequence[Stage]) -> NoReturn:
    """Go back and say why."""
    failures, ended = stopped.failures, stopped.ended
    if any(answer.state == SUPERSEDED for answer in ended.answers):
        await asyncio.gather(*(run.port.undo(step) for step in ended.unconfirmed))
        # What moves to another port is left to the edges: the other controller may have it there by now.
        stays = [step for step in ended.steps if step.server in (None, step.server_before) and not ended.idle]
        await asyncio.gather(*(run.port.admit(step, back=True) for step in stays))
        raise Superseded(str(failures[0]))
    if _final((*done, Batch(ended.steps))):
        raise Degraded(
            f"rollout failed: {'; '.join(map(str, failures))}; degraded: second slots stay; next: threader deploy"
        )
    run.tell("one failed: all go back")
    culprits = {failure.instance for failure in failures} | stopped.culprits
    stuck = await go_back(run, ended, done, culprits)
    batches = [stage for stage in done if isinstance(stage, Batch)]
    count = sum(step.kind is not Kind.KEEP for step in (*ended.steps, *(each for one in batches for each in one.steps)))
    whole = f"all {count} instances of the rollout" if count else "none was switched yet: all"
    end = f"{DEGRADED}{', '.join(stuck)}" if stuck else f"{whole} {BACK}"
    after = f"threader logs {failures[0].instance}" if failures[0].instance else "threader status"
    what = Degraded if stuck else RolloutFailed
    raise what(f"rollout failed: {'; '.join(map(str, failures))}; {end}; next: {after}")
