"""Which plan a deploy has: that of its strategy, or a shorter one, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.rollout.history import DONE, Rollout
from deploy.rollout.order import make_plan
from deploy.rollout.plan import Limits, Plan, Target
from deploy.rollout.progressive import BLUE_GREEN, CANARY, How, progressive_plan
from deploy.rollout.run import Pace
from deploy.settings.specs import CanaryStep, Hold, Revert

KNOWN_AGAIN: Final = (
    "back to a release that ran before: without gates, since it is known (rollout.revert: full asks them)"
)

RECENT: Final = 10
"""So many states are known again; hosts keep fewer generations than that by default."""


@dataclass(frozen=True)
class Wish:
    """How a deploy is to go: its strategy and limits, and what lets it take a shorter way.

    `recent` are the generations of states that the fleet was in.
    """

    how: How
    limits: Limits
    revert: Revert = Revert.FAST
    recent: Sequence[Mapping[str, str]] = ()


def plan_of(found: Target, wanted: Target, lost: frozenset[str], wish: Wish) -> tuple[Plan, str | None]:
    """The plan, and why it is not that of the strategy."""
    gated = wish.how.strategy in (CANARY, BLUE_GREEN)
    known = gated and wish.revert is Revert.FAST and wanted.instances in wish.recent
    if gated and not known:
        return progressive_plan(found, wanted, lost, wish.limits, wish.how), None
    return make_plan(found, wanted, lost, wish.limits), KNOWN_AGAIN if known else None


def wish_of(values: Mapping[str, Any], recent: Sequence[Mapping[str, str]]) -> Wish:
    """The wish in the inputs of a Rollout."""
    settings = values["settings"]
    steps = tuple(
        CanaryStep(number(step["instances"]), step["percent"], step["weight"]) for step in settings.get("canary", ())
    )
    how = How(
        strategy=settings["strategy"],
        steps=steps,
        hold=settings.get("hold") == Hold.ALWAYS,
        warm=float(settings.get("warm") or 0),
        edges=bool(values.get("edges")),
        impls=values.get("impls", {}),
        slots={name: int(port) for name, port in values.get("slots", {}).items()},
    )
    return Wish(how, limits_of(settings), Revert(settings.get("revert", Revert.FAST)), recent)


def recent_states(rollouts: Sequence[Rollout]) -> list[dict[str, str]]:
    """What the fleet ran after each successful rollout that hosts remember, each once, newest first."""
    states = (tuple(sorted(rollout.instances.items())) for rollout in rollouts if rollout.verdict == DONE)
    return [dict(state) for state in dict.fromkeys(states)][:RECENT]


def limits_of(settings: Mapping[str, Any]) -> Limits:
    """The limits in the settings of a Rollout, or those that hosts noted, which may be older."""
    order = tuple(settings.get("order") or ())
    return Limits(number(settings.get("batch")), number(settings.get("max_unavailable")), order)


def pace_of(settings: Mapping[str, Any]) -> Pace:
    """The pace in the same settings."""
    wait, deadline = settings.get("wait", Pace.wait), settings.get("progress_deadline", Pace.progress_deadline)
    return Pace(number(settings.get("max_unavailable")), float(wait), float(deadline))


def number(value: float | None) -> int | None:
    """A whole number as the engine has it, or None."""
    return None if value is None else int(value)
