"""What becomes of a rollout that did not end: it stays held, goes on, or goes back before anything else. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from deploy.manifest.running import NOTHING, generation_of
from deploy.rollout.history import State as Fleet
from deploy.rollout.plan import Check, Hold, Kind, Plan, Shift, Target
from deploy.rollout.story import State, Story


class Course(StrEnum):
    """What is done first."""

    DEPLOY = "deploy"  # nothing is left over
    STAY = "stay"  # it is held, and nobody has decided
    PROMOTE = "promote"
    RETRY = "retry"  # its gates look once more
    ABORT = "abort"
    HOME = "home"  # it was cut off, or something else is wanted by now: back, then deploy


FORM: Final = re.compile(r"(r[0-9]+):(promote|abort|retry)")


@dataclass(frozen=True)
class Choice:
    """A course, and the rollout that it is about."""

    course: Course
    story: Story | None = None


def choose(story: Story | None, wanted: Target, decision: str | None) -> Choice:
    """What follows from the last story, what is wanted, and a decision such as "r7:promote".

    A decision about a rollout that is over means nothing: it may have been left in the settings.
    """
    if story is None or not open_ended(story):
        return Choice(Course.DEPLOY)
    named = FORM.fullmatch(decision or "")
    if story.state is State.HELD and named and named[1] == story.id:
        return Choice(Course(named[2]), story)
    if story.state is State.HELD and same(story.wanted, wanted):
        return Choice(Course.STAY, story)
    return Choice(Course.HOME, story)


def open_ended(story: Story) -> bool:
    """Whether it left the fleet on its way; a rolling update that was cut off is simply gone on with.

    Who superseded the last one that told of itself has done nothing.
    """
    stuck = story.state is State.FAILED and (story.homeward or story.degraded)
    return (stuck or story.state in (State.HELD, State.RUNNING, State.SUPERSEDED)) and progressive(story.plan)


def progressive(plan: Plan) -> bool:
    """Whether a plan has stages that a rolling update has not."""
    return any(isinstance(stage, Shift | Check | Hold) for stage in plan.stages) or any(
        step.kind in (Kind.KEEP, Kind.DROP) for step in plan.steps
    )


def same(one: Target, other: Target) -> bool:
    """Whether two targets want the same."""
    return (one.instances, one.placement, one.ports) == (other.instances, other.placement, other.ports)


def before(story: Story) -> Target:
    """Where the fleet belongs when a rollout did not end: what ran before it, or where it was going back."""
    if story.homeward:
        return story.wanted
    ran = {name: each for name, phrase in story.found.instances.items() if (each := generation_of(phrase))}
    places = {name: host for name, host in story.found.placement.items() if name in ran}
    return Target(ran, places, {name: port for name, port in story.found.ports.items() if name in ran})


def needed(story: Story | None, instance: str, host: str) -> bool:
    """Whether a rollout that has not ended may go back to an instance there, which is not to be removed meanwhile."""
    return story is not None and open_ended(story) and before(story).placement.get(instance) == host


def resumed(story: Story, course: Course) -> int:
    """The number of the stage at which a held rollout goes on; a retry looks once more."""
    return story.at if course is Course.RETRY else story.at + 1


def astray(story: Story, runs: Fleet, silent: Collection[str] = ()) -> str | None:
    """What is not as the held rollout left it, so that it cannot go on; None if all is.

    What is wanted no longer is only stopped in the end: nothing hangs on it. Of `silent` hosts nothing is known.
    """
    was = before(story)
    expected = {name: (was.placement[name], generation) for name, generation in was.instances.items()}
    for batch in story.plan.batches:
        if batch in story.plan.stages[: story.at]:
            done = [step for step in batch.steps if step.kind is Kind.ACTIVATE]
            expected |= {step.instance: (step.host, step.generation) for step in done}
    places = {(name, host): generation for name, host, generation in runs}
    wrong = [
        f"{name} runs {places.get((name, host), NOTHING)} on {host} instead of {generation}"
        for name, (host, generation) in sorted(expected.items())
        if name in story.wanted.instances and host not in silent and places.get((name, host)) != generation
    ]
    return "; ".join(wrong) or None
