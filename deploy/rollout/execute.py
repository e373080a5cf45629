"""Carries out a plan through a port to the hosts: it succeeds whole, or the whole fleet goes back."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Final, NoReturn

from deploy.errors import ForPeople
from deploy.rollout.back import FRESH, Ended, Failure, Superseded, go_back, held
from deploy.rollout.plan import Batch, Kind
from deploy.rollout.port import DRAINED, GRANTED, READY, SUPERSEDED, UNREACHABLE, Answer
from deploy.rollout.run import Run
from deploy.rollout.watch import Watch

AGAIN_SECONDS: Final = 1.0
"""Seconds between two looks at instances that have to be well before the next batch."""
CANCELLED: Final = "cancelled"


class RolloutFailed(ForPeople):
    """The rollout did not succeed, and was undone as the text says."""


async def execute(run: Run) -> None:
    """Do batch after batch; raises RolloutFailed once the fleet is back, Superseded when another took over."""
    plan, done = run.plan, list[Batch]()
    several = len(plan.batches) > 1  # in a single one nothing waits, and nothing is older than its confirmation
    watch = Watch(run.port, plan, await run.port.survey(plan.watched) if several else {})
    for number, batch in enumerate(plan.batches, start=1):
        failures = await _between(run, watch, done, batch) if done else ()
        if failures:
            await _fail(run, failures, Ended(), done)
        run.tell(
            f"{number} of {len(plan.batches)}: {', '.join(f'{step.kind} {step.instance}' for step in batch.steps)}"
        )
        ended = await _switch(run, batch)
        if ended.failures:
            await _fail(run, ended.failures, ended, done)
        done.append(batch)
    failures = await watch.updated(done) if several else ()
    if failures:
        await _fail(run, failures, Ended(), done)
    left = [step for step in plan.steps if step.server_before not in (None, step.server)]
    await held(run, plan.steps)  # what another controller has undone meanwhile did not succeed
    for answer in await asyncio.gather(*(run.port.retire(step) for step in left)):
        if answer.state == UNREACHABLE:
            run.tell(f"{answer.reason}: it keeps a server that nothing answers at")


async def _between(run: Run, watch: Watch, done: Sequence[Batch], batch: Batch) -> tuple[Failure, ...]:
    """Wait; then what was updated has to be well, and so many others that the next batch may go."""
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
    """One batch: drain, switch, confirm when all are healthy, and admit."""
    port, steps = run.port, tuple(step for step in batch.steps if step.kind is not Kind.ADMIT)
    if run.cancelled.is_set():
        return Ended(stopped=CANCELLED)
    kept = await held(run, steps)
    if any(answer.state != GRANTED for answer in kept):
        return Ended(steps, tuple(_not_begun(answer, GRANTED) for answer in kept))
    drained = await asyncio.gather(*(port.drain(step) for step in steps))
    if any(answer.state != DRAINED for answer in drained):
        return Ended(steps, tuple(_not_begun(answer, DRAINED) for answer in drained))
    answers = await _timely(run, [port.begin(step) for step in steps])
    if run.cancelled.is_set():
        return Ended(steps, answers, CANCELLED)
    if any(answer.state != "healthy" for answer in answers):
        return Ended(steps, answers)
    lacking = _lacking(await asyncio.gather(*(port.reach(step) for step in steps)))
    if lacking:
        return Ended(steps, answers, lacking)
    began = run.now()
    ended = Ended(steps, tuple(await asyncio.gather(*(port.confirm(step) for step in steps))))
    if ended.failures:
        return ended
    if run.now() - began > FRESH:
        await held(run, steps)
    return replace(
        ended, stopped=_lacking(await asyncio.gather(*(port.admit(step, back=False) for step in batch.steps)))
    )


def _lacking(admitted: Sequence[Answer]) -> str | None:
    """What keeps edges from sending to all instances."""
    return "; ".join(answer.reason or answer.state for answer in admitted if answer.state != READY) or None


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


async def _fail(run: Run, failures: Sequence[Failure], ended: Ended, done: Sequence[Batch]) -> NoReturn:
    """Go back and say why."""
    if any(answer.state == SUPERSEDED for answer in ended.answers):
        await asyncio.gather(*(run.port.undo(step) for step in ended.unconfirmed))
        # What moves to another port is left to the edges: the other controller may have it there by now.
        stays = [step for step in ended.steps if step.server in (None, step.server_before)]
        await asyncio.gather(*(run.port.admit(step, back=True) for step in stays))
        raise Superseded(str(failures[0]))
    run.tell("one failed: all go back")
    stuck = await go_back(run, ended, done, {failure.instance for failure in failures})
    count = len(ended.steps) + sum(len(batch.steps) for batch in done)
    end = (
        f"degraded: {', '.join(stuck)}"
        if stuck
        else f"all {count} instances of the rollout are back on what they ran before"
    )
    after = f"threader logs {failures[0].instance}" if failures[0].instance else "threader status"
    raise RolloutFailed(f"rollout failed: {'; '.join(map(str, failures))}; {end}; next: {after}")
