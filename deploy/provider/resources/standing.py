"""How the last rollout stands, as a Rollout resource keeps it between commands. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from deploy.manifest.running import generation_of, serves
from deploy.rollout.decide import FORM, Course, before, open_ended, same
from deploy.rollout.plan import Target
from deploy.rollout.story import State, Story

STANDING: Final = "standing"
"""The output that says that the last rollout has not ended: held, interrupted or under way, and its id; else None."""
RESULT: Final = "rollout"
"""The output that says how the last rollout went, for people."""


def standing(story: Story | None, alive: bool, wanted: Target) -> str | None:
    """How the last rollout stands, if it has not ended; `alive` is a controller that is at work, maybe on it."""
    if story is None or not open_ended(story):
        return None
    held = story.state is State.HELD and same(story.wanted, wanted)
    return f"held {story.id}" if held else f"under way {story.id}" if alive else f"interrupted {story.id}"


def due(old: Mapping[str, Any], decision: str | None) -> dict[str, str]:
    """What a diff shows of a rollout that has not ended: that it was cut off, or that somebody decided."""
    word, _, rollout = str(old.get(STANDING) or "").rpartition(" ")
    named = FORM.fullmatch(decision or "")
    if word == "held":
        return {"decision": "update"} if named and named[1] == rollout else {}
    return {RESULT: "update"} if word else {}


def as_held(phrases: Mapping[str, str], story: Story) -> dict[str, str]:
    """What was found, with all that is as a held rollout left it said to be as wanted: nothing is to be done there."""
    was = before(story).instances
    return {
        name: story.wanted.instances[name]
        if serves(phrase) and generation_of(phrase) in (was.get(name), story.wanted.instances.get(name))
        else phrase
        for name, phrase in phrases.items()
    }


def held_text(rollout: str, reason: str | None) -> str:
    """What is said of a rollout that is held."""
    return f"held ({rollout}: {reason}); next: threader rollout {rollout} --why, then threader promote or abort"


def gone_home(story: Story, course: Course) -> str:
    """Why the fleet goes back before anything else."""
    if course is Course.ABORT:
        return f"{story.id} is aborted: all go back to what they ran before it"
    what = "was cut off" if story.state is State.RUNNING else "is held, and something else is wanted by now"
    return f"{story.id} {what}: all go back to what they ran before it, first"
