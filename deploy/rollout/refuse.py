"""What was rolled back stays back: the steps of a plan that would try it again. Pure."""

from collections.abc import Mapping

from deploy.manifest.running import generation_of
from deploy.rollout.plan import Kind, Plan


def refusals(plan: Plan, rejected: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A sentence for each instance whose wanted generation is `rejected`, which says of each instance what and why.

    What runs already is never refused: bringing it back to order tries nothing new.
    """
    return [
        f"{step.instance} on {step.host}: {step.generation} stays back: {why}; "
        "next: change the release or a setting, or try it again: threader deploy --retry"
        for step in plan.steps
        if step.kind is Kind.ACTIVATE
        and generation_of(step.before) != step.generation
        and (why := rejected.get(step.instance, {}).get(step.generation))
    ]
