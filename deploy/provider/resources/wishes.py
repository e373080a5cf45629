"""What the inputs of a Rollout want, as the planner takes it, and what of it is refused."""

import os
from datetime import UTC, datetime

from deploy.errors import ForPeople
from deploy.provider.values import Properties
from deploy.rollout.history import history
from deploy.rollout.plan import Plan, Target
from deploy.rollout.refuse import guarded, refusals
from deploy.rollout.strategy import plan_of, recent_states, wish_of
from deploy.rollout.survey import rejections


class Rejected(ForPeople):
    """What is wanted was rolled back already."""


def target_of(values: Properties) -> Target:
    """The generations, hosts and ports in inputs or outputs."""
    ports = {name: int(port) for name, port in values.get("ports", {}).items()}
    return Target(values["instances"], values["placement"], ports)


def planned(found: Target, new: Properties, without: frozenset[str], snapshots: Properties) -> tuple[Plan, str | None]:
    """The plan of a deploy, and why it is not that of the strategy."""
    return plan_of(found, target_of(new), without, wish_of(new, recent_states(history(snapshots.values()))))


def remembered(snapshots: Properties) -> Properties:
    """What previews need of what hosts remember: what stays back, and what is known to be good."""
    return {"rejected": rejections(snapshots), "recent": recent_states(history(snapshots.values()))}


def allowed(plan: Plan, rejected: dict[str, dict[str, str]]) -> Plan:
    """The same plan; raises Rejected when it would try again what was rolled back."""
    told = refused(plan, rejected)
    if told:
        raise Rejected("\n".join(told))
    return plan


def guard(plan: Plan, new: Properties, snapshots: Properties) -> None:
    """Raises Rejected while the time after a rollback is not over; what runs already may be repaired."""
    settings = new["settings"]
    if not any(step.renews for step in plan.steps) or settings.get("emergency") or _insisted():
        return
    why = guarded(history(snapshots.values()), float(settings.get("guard") or 0), datetime.now(UTC))
    if why:
        raise Rejected(why)


def refused(plan: Plan, rejected: dict[str, dict[str, str]]) -> list[str]:
    """Nothing is refused when the operator said to try again."""
    return [] if _insisted() else refusals(plan, rejected)


def _insisted() -> bool:
    return os.environ.get("THREADER_RETRY") == "1"
