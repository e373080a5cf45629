"""What was rolled back stays back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy.rollout.history import history
from deploy.rollout.plan import Batch, Kind, Plan, Step
from deploy.rollout.refuse import guarded, refusals
from tests.deploy.rollout.records import both

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
(DONE,) = history([{"rollouts": both(7)}])

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


@pytest.mark.parametrize(
    ("rollouts", "said"),
    [
        ([], None),
        ([("r7", "failed", "deploy", 100)], "r7 went back 100 s ago, and rollout.guard is 300 s"),
        ([("r7", "failed", "deploy", 300)], None),
        ([("r8", "done", "rollback", 10), ("r7", "done", "deploy", 20)], "r8 went back 10 s ago"),
        ([("r8", "done", "deploy", 10), ("r7", "failed", "deploy", 20)], "r7 went back 20 s ago"),
        ([("r8", "done", "deploy", 10)], None),
    ],
)
def test_for_a_while_after_a_rollback_nothing_new_is_tried(rollouts, said):
    made = [
        replace(DONE, id=name, verdict=verdict, purpose=purpose, ended=(NOW - timedelta(seconds=age)).isoformat())
        for name, verdict, purpose, age in rollouts
    ]
    found = guarded(made, 300.0, NOW)
    assert said in found if said else found is None
    assert guarded(made, 0.0, NOW) is None
