"""What becomes of a rollout that did not end."""

from dataclasses import replace

import pytest

from deploy.rollout.decide import Choice, Course, astray, before, choose, needed, open_ended, resumed
from deploy.rollout.plan import Batch, Check, Hold, Phase, Plan, Target
from deploy.rollout.story import State
from tests.deploy.rollout.fakes import step
from tests.deploy.rollout.test_stages import PLAN
from tests.deploy.rollout.test_story import STORY

HELD = replace(STORY, plan=PLAN, at=4, found=Target({"a": "1.0-x", "b": "nothing"}, {"a": "host-a", "b": "host-b"}))
ELSE = Target({"a": "3"}, {"a": "h1"})
ROLLING = replace(HELD, plan=Plan((Batch((step("a"),)), Batch((step("b"),)))), state=State.RUNNING)


@pytest.mark.parametrize(
    ("story", "wanted", "decision", "course"),
    [
        (None, ELSE, None, Course.DEPLOY),
        (None, ELSE, "r7:promote", Course.DEPLOY),
        (HELD, HELD.wanted, None, Course.STAY),
        (HELD, HELD.wanted, "r6:promote", Course.STAY),
        (HELD, HELD.wanted, "r7:promote", Course.PROMOTE),
        (HELD, HELD.wanted, "r7:abort", Course.ABORT),
        (HELD, HELD.wanted, "r7:retry", Course.RETRY),
        (HELD, ELSE, None, Course.HOME),
        (replace(HELD, state=State.RUNNING), HELD.wanted, None, Course.HOME),
        (replace(HELD, state=State.RUNNING), HELD.wanted, "r7:promote", Course.HOME),
        (replace(HELD, state=State.DONE), ELSE, "r7:abort", Course.DEPLOY),
        (replace(HELD, state=State.FAILED), ELSE, None, Course.DEPLOY),
        (ROLLING, ELSE, None, Course.DEPLOY),
        (replace(HELD, purpose="way back of r6", state=State.FAILED), ELSE, None, Course.HOME),
        (replace(HELD, purpose="rollback", state=State.FAILED), ELSE, None, Course.HOME),
    ],
)
def test_what_is_done_first(story, wanted, decision, course):
    found = choose(story, wanted, decision)
    assert found == Choice(course, None if course is Course.DEPLOY else story)


def test_a_rollout_goes_on_after_its_hold_and_a_retry_looks_again():
    assert (resumed(HELD, Course.PROMOTE), resumed(HELD, Course.RETRY)) == (5, 4)


def test_before_it_only_what_ran_a_generation_was_there():
    assert before(HELD) == Target({"a": "1.0-x"}, {"a": "host-a"})


@pytest.mark.parametrize("purpose", ["way back of r6", "rollback"])
def test_a_way_back_that_did_not_end_still_leads_to_where_it_led(purpose):
    assert before(replace(HELD, purpose=purpose)) == HELD.wanted


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ("1.1-y", None),
        ("1.0-x", "a runs 1.0-x on host-a instead of 1.1-y"),
        (None, "a runs nothing on host-a instead of 1.1-y"),
    ],
)
def test_it_only_goes_on_where_all_is_as_it_was_left(runs, said):
    assert astray(HELD, frozenset({("a", "host-a", runs)} if runs else ())) == said


def test_of_silent_hosts_and_of_what_is_wanted_no_longer_nothing_is_asked():
    assert astray(HELD, frozenset(), ("host-a",)) is None
    gone = replace(HELD, wanted=Target({"b": "1"}, {"b": "host-b"}))
    assert astray(gone, frozenset()) is None


def test_one_that_was_to_move_later_is_looked_for_where_it_was():
    moves = replace(
        HELD,
        found=replace(HELD.found, instances={"a": "1.0-x", "b": "1.0-x"}),
        wanted=Target({"a": "1.1-y", "b": "1.1-y"}, {"a": "host-a", "b": "host-c"}),
    )
    assert astray(moves, frozenset({("a", "host-a", "1.1-y"), ("b", "host-b", "1.0-x")})) is None


def test_what_could_not_go_back_is_seen_to_first():
    failed = replace(HELD, state=State.FAILED)
    assert not open_ended(failed)
    assert open_ended(replace(failed, degraded=True))


def test_so_is_what_a_controller_left_that_was_superseded_by_one_that_did_nothing():
    assert open_ended(replace(HELD, state=State.SUPERSEDED))


def test_an_instance_to_which_an_open_rollout_may_go_back_is_needed():
    assert needed(HELD, "a", "host-a")
    assert not needed(HELD, "a", "host-b")
    assert not needed(replace(HELD, state=State.DONE), "a", "host-a")
    assert not needed(None, "a", "host-a")


def test_a_plan_of_checks_alone_is_not_that_of_a_rolling_update():
    only = replace(ROLLING, plan=Plan((Check(Phase.IDLE, "check", ()), Hold("hold"))))
    assert choose(only, ELSE, None).course is Course.HOME
