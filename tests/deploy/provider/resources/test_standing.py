"""How the last rollout stands between commands."""

from dataclasses import replace

import pytest

from deploy.provider.resources.standing import STANDING, as_held, due, standing
from deploy.rollout.plan import Target
from deploy.rollout.story import State
from tests.deploy.rollout.test_decide import ELSE, HELD

RUNNING = replace(HELD, state=State.RUNNING)


@pytest.mark.parametrize(
    ("story", "alive", "wanted", "said"),
    [
        (None, False, ELSE, None),
        (HELD, False, HELD.wanted, "held r7"),
        (HELD, True, HELD.wanted, "held r7"),
        (HELD, False, ELSE, "interrupted r7"),
        (RUNNING, False, HELD.wanted, "interrupted r7"),
        (RUNNING, True, HELD.wanted, "under way r7"),
        (replace(HELD, state=State.DONE), False, HELD.wanted, None),
    ],
)
def test_a_rollout_that_has_not_ended_is_told(story, alive, wanted, said):
    assert standing(story, alive, wanted) == said


@pytest.mark.parametrize(
    ("stands", "decision", "shown"),
    [
        (None, "r7:promote", {}),
        ("held r7", None, {}),
        ("held r7", "r6:promote", {}),
        ("held r7", "r7:promote", {"decision": "update"}),
        ("held r7", "r7:nonsense", {}),
        ("interrupted r7", None, {"rollout": "update"}),
        ("under way r7", "r7:abort", {"rollout": "update"}),
    ],
)
def test_a_diff_shows_a_decision_once_and_a_rollout_that_was_cut_off_always(stands, decision, shown):
    assert due({STANDING: stands}, decision) == shown


def test_what_is_as_a_held_rollout_left_it_is_as_wanted():
    story = replace(
        HELD,
        found=Target({"a": "1", "b": "1", "c": "1", "d": "1"}, {}),
        wanted=Target({"a": "2", "b": "2", "c": "2", "d": "2"}, {}),
    )
    found = {"a": "2 (drained at edge)", "b": "1", "c": "1 (failed)", "d": "3"}
    assert as_held(found, story) == {"a": "2", "b": "2", "c": "1 (failed)", "d": "3"}
