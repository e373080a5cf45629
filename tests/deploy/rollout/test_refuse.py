"""What was rolled back stays back."""

import pytest

from deploy.rollout.plan import Batch, Kind, Plan, Step
from deploy.rollout.refuse import refusals

WHY = "it was rolled back (HTTP 500), at 2026-01-02T03:04:05Z on h1"
REJECTED = {"a": {"1.1-y": WHY}}


@pytest.mark.parametrize(
    ("kind", "instance", "before", "generation", "refused"),
    [
        (Kind.ACTIVATE, "a", "1.0-x", "1.1-y", True),
        (Kind.ACTIVATE, "a", "nothing", "1.1-y", True),
        (Kind.ACTIVATE, "a", "1.0-x", "1.2-z", False),
        (Kind.ACTIVATE, "b", "1.0-x", "1.1-y", False),
        (Kind.ACTIVATE, "a", "1.1-y (failed)", "1.1-y", False),
        (Kind.ADMIT, "a", "1.1-y (drained at e1)", "1.1-y", False),
        (Kind.STOP, "a", "1.1-y", "nothing", False),
    ],
)
def test_only_what_would_be_tried_again_is_refused(kind, instance, before, generation, refused):
    plan = Plan((Batch((Step(kind, instance, "h1", before, generation),)),))
    assert bool(refusals(plan, REJECTED)) == refused


def test_a_refusal_says_what_why_and_what_next():
    plan = Plan((Batch((Step(Kind.ACTIVATE, "a", "h2", "1.0-x", "1.1-y"),)),))
    assert refusals(plan, REJECTED) == [
        f"a on h2: 1.1-y stays back: {WHY}; "
        "next: change the release or a setting, or try it again: threader deploy --retry"
    ]
