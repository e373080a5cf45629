"""What follows from what gates said."""

import pytest

from deploy.analysis.gates import Action, Outcome
from deploy.analysis.run import Conclusion
from deploy.rollout.plan import Check, Phase
from deploy.rollout.policy import judged
from deploy.rollout.run import Judged, Next
from deploy.settings.specs import Hold

CHECK = Check(Phase.IDLE, "check a", ())


@pytest.mark.parametrize(
    ("outcome", "action", "hold", "follows"),
    [
        (Outcome.PASS, None, Hold.NEVER, Next.GO),
        (Outcome.PASS, Action.WARN, Hold.INCONCLUSIVE, Next.GO),
        (Outcome.PASS, None, Hold.ALWAYS, Next.GO),
        (Outcome.FAIL, Action.ROLLBACK, Hold.ALWAYS, Next.BACK),
        (Outcome.FAIL, Action.ROLLBACK, Hold.NEVER, Next.BACK),
        (Outcome.FAIL, Action.HOLD, Hold.INCONCLUSIVE, Next.HOLD),
        (Outcome.FAIL, Action.HOLD, Hold.NEVER, Next.BACK),
        (Outcome.INCONCLUSIVE, None, Hold.INCONCLUSIVE, Next.HOLD),
        (Outcome.INCONCLUSIVE, None, Hold.ALWAYS, Next.HOLD),
        (Outcome.INCONCLUSIVE, None, Hold.NEVER, Next.BACK),
    ],
)
def test_only_a_pass_goes_on(outcome, action, hold, follows):
    assert judged(CHECK, Conclusion(outcome, action, "why"), hold) == Judged(follows, "check a: why")
