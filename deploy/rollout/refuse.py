"""What was rolled back stays back, and for a while nothing else is tried. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from deploy.rollout.history import Rollout
from deploy.rollout.ledger import ROLLBACK
from deploy.rollout.plan import Plan
from deploy.rollout.story import State


def refusals(plan: Plan, rejected: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A sentence for each instance whose wanted generation is `rejected`, which says of each instance what and why.

    What runs already is never refused: bringing it back to order tries nothing new.
    """
    return [
        f"{step.instance} on {step.host}: {step.generation} stays back: {why}; "
        "next: change the release or a setting, or try it again: threader deploy --retry"
        for step in plan.steps
        if step.renews and (why := rejected.get(step.instance, {}).get(step.generation))
    ]


def guarded(rollouts: Sequence[Rollout], guard: float, now: datetime) -> str | None:
    """Why nothing new is tried yet: the newest of `rollouts` that went back did so less than `guard` seconds ago."""
    back = next((each for each in rollouts if each.verdict == State.FAILED or each.purpose == ROLLBACK), None)
    if back is None or not back.ended:
        return None
    since = (now - datetime.fromisoformat(back.ended)).total_seconds()
    if since >= guard:
        return None
    return (
        f"nothing was activated: {back.id} went back {since:.0f} s ago, and rollout.guard is {guard:g} s; "
        f"next: wait {guard - since:.0f} s, or try it now: threader deploy --retry"
    )
