"""What follows from what gates said. Pure."""

from collections.abc import Mapping
from typing import Any

from deploy.analysis.gates import Action, Outcome
from deploy.analysis.run import Conclusion
from deploy.rollout.plan import Check
from deploy.rollout.run import Judged, Next
from deploy.settings.specs import Hold


def judged(check: Check, conclusion: Conclusion, hold: Hold, verdicts: tuple[Mapping[str, Any], ...] = ()) -> Judged:
    """A pass goes on. What is not sure is held, or goes back where nobody is ever waited for; it never passes."""
    reason = f"{check.title}: {conclusion.reason}"
    if conclusion.outcome is Outcome.PASS:
        return Judged(Next.GO, reason, verdicts)
    if conclusion.outcome is Outcome.FAIL and conclusion.action is Action.ROLLBACK:
        return Judged(Next.BACK, reason, verdicts)
    return Judged(Next.BACK if hold is Hold.NEVER else Next.HOLD, reason, verdicts)
