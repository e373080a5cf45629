import sys
from dataclasses import replace

import pytest

from deploy.cli import ending
from deploy.cli.account import Account
from deploy.rollout.story import State
from tests.deploy.cli.stories import decided, lie, story
from tests.deploy.rollout.records import both

UP = "up --stack dev --yes --skip-preview --suppress-outputs"
BACK = "rollout failed: alice asked; all 1 instances of the rollout are back on what they ran before; next: x"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(ending, "AGAIN", 0.0)
    monkeypatch.setattr(ending, "author", lambda: "bob@desk", raising=False)
    monkeypatch.setattr("deploy.cli.verbs.abort.author", lambda: "bob@desk")


@pytest.fixture
def terminal(monkeypatch):
    """Somebody sits there, and answers the questions of `typer.confirm`."""
    answers = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: answers.pop(0))
    return answers


def test_a_promotion_shows_what_it_is_about_and_goes_on_by_pulumi(threader, golden, fleet):
    lie(fleet, story())
    fleet.outputs["rollout"] = "done (r8, which went on with r7)"
    golden("promote", *threader("promote"))
    assert fleet.ran == [(UP, {"THREADER_DECISION": "r7:promote", "THREADER_STRATEGY": "canary"})]


def test_gates_can_be_let_look_once_more(threader, fleet):
    lie(fleet, story())
    fleet.outputs["rollout"] = "held (r8: still not sure); next: threader rollout r8 --why"
    assert threader("promote", "r7", "--retry")[0] == 4
    assert fleet.ran[0][1]["THREADER_DECISION"] == "r7:retry"


def test_on_a_terminal_it_asks_unless_told_not_to(threader, fleet, terminal):
    lie(fleet, story())
    terminal += [False, True]
    code, text = threader("promote")
    assert (code, fleet.ran) == (1, [])
    assert "nothing was changed" in text
    assert threader("promote")[0] == 0
    assert threader("promote", "--yes")[0] == 0
    assert len(fleet.ran) == 2


@pytest.mark.parametrize("verb", ["promote", "abort"])
def test_a_decision_that_fails_has_the_codes_of_deploys(threader, fleet, verb):
    lie(fleet, story())
    fleet.code, fleet.errors = 255, [BACK]
    assert threader(verb)[0] == 3


def test_what_is_under_way_is_not_promoted_and_how_to_watch_it_is_told(threader, fleet):
    lie(fleet, story(State.RUNNING), live=True)
    code, text = threader("promote")
    assert (code, fleet.ran) == (1, [])
    assert "r7 is under way, not held: it goes on by itself" in text
    assert "next: threader rollout r7 --watch, or threader abort r7" in text


def test_what_was_cut_off_can_only_be_taken_back_by_a_deploy(threader, fleet):
    lie(fleet, story(State.RUNNING))
    for verb in ("promote", "abort"):
        code, text = threader(verb)
        assert code == 1
        assert "r7 was cut off, not held" in text
        assert "next: threader deploy, which first takes back what r7 left on its way" in text


@pytest.mark.parametrize("verb", ["promote", "abort"])
def test_without_anything_held_the_last_rollout_is_named(threader, fleet, verb):
    code, text = threader(verb)
    assert code == 1
    assert f"no rollout is held: r2 is done, so there is nothing to {verb}\nnext: threader rollout r2" in text


def test_another_one_than_the_last_is_not_decided_on(threader, fleet):
    lie(fleet, story(), decided())
    assert "r7 is no longer held" in threader("promote", "r7")[1]
    assert "the hosts remember no rollout r3; the last one, r8, is done" in threader("promote", "r3")[1]


def test_a_fleet_that_remembers_none_says_so(threader, fleet):
    for acting in fleet.hosts.values():
        acting.snapshot["rollouts"] = []
    assert "error: the hosts remember no rollout\nnext: threader deploy" in threader("promote")[1]


def test_an_abort_of_what_is_held_is_pulumis_with_the_reason(threader, fleet):
    lie(fleet, story())
    fleet.outputs["rollout"] = "aborted (r7)"
    code, text = threader("abort", "--reason", "the log grows")
    assert code == 0
    assert text.endswith(
        "r7 is aborted: all instances run what they ran before it\nnext: threader status --stack dev\n"
    )
    said = {"THREADER_DECISION": "r7:abort", "THREADER_STRATEGY": "canary", "THREADER_REASON": "the log grows"}
    assert fleet.ran == [(UP, said)]


def test_an_abort_of_what_is_under_way_is_left_on_its_hosts_and_waited_for(threader, golden, fleet):
    lie(fleet, story(State.RUNNING, at=4), live=True)
    fleet.hosts["app-2"].then = lambda: lie(fleet, story(State.FAILED, at=4), reason=BACK)
    golden("abort", *threader("abort", "--reason", "the log grows"))
    assert fleet.ran == []
    asked = [words for acting in fleet.hosts.values() for words in acting.did("request")]
    assert len(asked) == 2
    assert '"rollout": "r7", "verb": "abort", "by": "bob@desk (the log grows)"' in asked[0][1]


def test_an_abort_that_came_too_late_is_told(threader, fleet):
    lie(fleet, story(State.RUNNING), live=True)
    fleet.hosts["app-2"].then = lambda: lie(fleet, story(State.DONE))
    code, text = threader("abort")
    assert code == 5
    assert "r7 was done before it could be aborted\nnext: threader rollback" in text


def test_an_abort_that_no_host_takes_is_told(threader, fleet):
    lie(fleet, story(State.RUNNING), live=True)
    for acting in fleet.hosts.values():
        acting.answers["request"] = {"state": "failed", "reason": "disk full"}
    code, text = threader("abort")
    assert code == 1
    assert "r7 could not be told to end: disk full; disk full" in text


def test_a_rollback_is_not_aborted(threader, fleet):
    lie(fleet, story(State.RUNNING, purpose="rollback"), live=True)
    assert "r7 goes back already\nnext: threader rollout r7 --watch" in threader("abort")[1]


def test_one_without_a_story_can_be_aborted_too(threader, fleet):
    for acting in fleet.hosts.values():
        acting.snapshot["rollouts"] = [both(3, "1.0.2")[0]]
        acting.snapshot["lease"] = {"token": "3:5c0ffee", "live": True}

    def end():
        for acting in fleet.hosts.values():
            acting.snapshot["rollouts"] = both(3, "1.0.2", "failed", reason=BACK)

    fleet.hosts["app-1"].then = end
    assert threader("abort")[0] == 0


def test_where_a_rollout_is_takes_one_line_also_at_a_stage_of_many_steps():
    made = story(State.RUNNING, at=0)
    batch = replace(made.plan.stages[0], steps=made.plan.stages[0].steps * 2)
    many = replace(made, plan=replace(made.plan, stages=(batch, *made.plan.stages[1:])))
    assert ending.step(Account("r7", None, many)).endswith(" at step 1 of 10: 1. keep py-a--prev, keep py-a--prev")
