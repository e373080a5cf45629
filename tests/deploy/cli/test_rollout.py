import json
from dataclasses import replace

import pytest

from deploy.cli import times
from deploy.cli.account import Account
from deploy.cli.known import Known
from deploy.cli.rollout_tree import Art, tree
from deploy.cli.scene import Scene
from deploy.cli.verbs import rollout
from deploy.rollout.history import history
from deploy.rollout.story import State, told
from tests.deploy.cli.conftest import NOW
from tests.deploy.cli.stories import PLAN, decided, lie, story
from tests.deploy.rollout.records import record

BACK = "rollout failed: delivery failed; all 1 instances of the rollout are back on what they ran before; next: x"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rollout, "AGAIN", 0.0)


def test_one_that_is_held_is_a_tree(threader, golden, fleet):
    lie(fleet, story())
    golden("rollout_held", *threader("rollout"))


def test_one_that_is_under_way_is_a_tree(threader, golden, fleet):
    lie(fleet, story(State.RUNNING, at=4), live=True)
    fleet.hosts["app-2"].sick["py-b"] = "HTTP 500"
    golden("rollout_running", *threader("rollout"))


def test_on_a_terminal_it_has_signs():
    found = Scene(Known({}), {}, {})
    lease = {"token": "7:5c0ffee", "live": True}
    running = history([{"rollouts": [record(7, "begun")], "lease": lease}])[0]
    pairs = {
        "▶ 5. 10 %": Account("r7", running, story(State.RUNNING, at=4)),
        "✖ 6. check": Account("r7", None, story(State.FAILED)),
        "‖ 6. check": Account("r7", None, story()),
    }
    for sign, account in pairs.items():
        text = "\n".join(line.text for line in tree(account, found, NOW, Art(True)))
        assert sign in text
        assert "✔ 1. keep" in text
        assert "\n· 10. activate" in text


@pytest.mark.parametrize(
    ("state", "reason", "live", "code", "words"),
    [
        (State.DONE, None, False, 0, "canary: done"),
        (State.FAILED, BACK, False, 3, "canary: rolled back at step 6 of 10"),
        (State.FAILED, "rollout failed: x; degraded: py-a", False, 5, "canary: degraded at step 6 of 10"),
        (State.SUPERSEDED, "another took over", False, 5, "canary: superseded at step 6 of 10"),
        (State.RUNNING, None, False, 5, "canary: interrupted at step 6 of 10"),
        (State.RUNNING, None, True, 0, "canary: under way at step 6 of 10"),
        (State.HELD, None, False, 4, "canary: held at step 6 of 10"),
    ],
)
def test_scripts_learn_how_it_stands_by_the_exit_code(threader, fleet, state, reason, live, code, words):
    lie(fleet, story(state), live=live, reason=reason)
    found, text = threader("rollout")
    assert found == code
    assert words in text.splitlines()[0]
    assert threader("rollout", "--json")[0] == code


def test_it_says_why_with_all_numbers(threader, golden, fleet):
    lie(fleet, story())
    golden("rollout_why", *threader("rollout", "r7", "--why"))


def test_the_same_comes_out_of_what_was_measured(threader, golden, fleet):
    lie(fleet, story())
    golden("rollout_recheck", *threader("rollout", "--recheck"))


def test_another_verdict_than_the_one_that_was_kept_is_told(threader, fleet):
    made = story()
    spoilt = replace(made.seen[0], verdicts=({**made.seen[0].verdicts[0], "outcome": "fail"},))
    lie(fleet, replace(made, seen=(spoilt, *made.seen[1:])))
    code, text = threader("rollout", "--recheck")
    assert code == 1
    assert "4. smoke: DIFFERS: it was fail (" in text


def test_a_verdict_of_another_version_is_shown_as_it_is(threader, fleet):
    made = story()
    lie(fleet, replace(made, seen=(replace(made.seen[0], verdicts=({"gate": "old"},)),)))
    assert "written by another version: {'gate': 'old'}" in threader("rollout", "--why")[1]
    assert threader("rollout")[0] == 4


def test_one_that_went_on_names_who_decided_on_what_and_the_other_is_no_longer_held(threader, fleet):
    lie(fleet, story(), decided())
    _, text = threader("rollout")
    assert "decided  promote of r7 by ann@ops at 2026-11-23 11:55:00 UTC; shown was: check py-a" in text
    code, text = threader("rollout", "r7")
    assert code == 0
    assert "no longer held" in text
    assert "next     threader rollout r8" in text


def test_hosts_are_asked_for_one_that_is_not_among_the_latest(threader, fleet):
    lie(fleet, story(number=9))
    fleet.hosts["app-2"].older["r3"] = told(story(State.DONE, len(PLAN.stages) - 1, 3))
    code, text = threader("rollout", "r3", "--why")
    assert code == 0
    assert "4. check py-a, idle: go on" in text


@pytest.mark.parametrize(("named", "code"), [("r99", 1), ("7", 2), ("r7; rm", 2)])
def test_one_that_nobody_knows_or_no_name_of_one(threader, fleet, named, code):
    found, text = threader("rollout", named)
    assert found == code
    assert "next: threader history" in text


def test_one_of_which_only_the_records_are_left_is_told_without_steps(threader, fleet):
    code, text = threader("rollout", "r1")
    assert code == 0
    assert text.splitlines()[0] == "r1 rolling: done"
    assert "what     deploy of 1.0.0" in text


def test_watching_tells_each_step_and_ends_when_it_ends(threader, fleet, monkeypatch):
    lie(fleet, story(State.RUNNING, at=0), live=True)
    ahead = [
        lambda: lie(fleet, story(State.RUNNING, at=4), live=True),
        lambda: lie(fleet, story(State.FAILED), reason=BACK),
    ]
    monkeypatch.setattr("time.sleep", lambda _: ahead.pop(0)())
    code, text = threader("rollout", "--watch")
    assert code == 3
    lines = text.splitlines()
    assert lines[0].startswith("r7 is under way at step 1 of 10: 1. keep py-a--prev")
    assert lines[1].startswith("r7 is under way at step 5 of 10: 5. 10 % of the traffic")
    assert lines[2] == "r7 canary: rolled back at step 6 of 10"


def test_watching_on_a_terminal_draws_it_anew(threader, fleet, monkeypatch):
    lie(fleet, story(State.RUNNING, at=0), live=True)
    monkeypatch.setattr("time.sleep", lambda _: lie(fleet, story(State.HELD)))
    monkeypatch.setattr(rollout, "terminal", lambda: True)
    code, text = threader("rollout", "--watch")
    assert code == 4
    assert "‖ 6. check py-a with 10 % of the traffic" in text


def test_programs_get_everything(threader, fleet):
    lie(fleet, story())
    report = json.loads(threader("rollout", "--json")[1])
    assert (report["id"], report["state"], report["step"], report["of"]) == ("r7", "held", 6, 10)
    assert report["weights"]["py-a.app-1.9009"] == 44
    assert [stage["mark"] for stage in report["stages"]] == ["done"] * 5 + ["held"] + ["-"] * 4
    assert [each["name"] for each in report["instances"]] == ["py-a", "py-a--prev", "py-b"]
    assert all(each["same"] for each in report["recheck"])
    assert report["story"]["seen"][1]["verdicts"][1]["gate"]["name"] == "delivery"


def test_a_host_is_enough(threader, fleet, monkeypatch):
    lie(fleet, story())
    monkeypatch.setattr("deploy.cli.pulumi.ask", None)
    fleet.hosts["10.0.0.1"] = fleet.hosts["app-1"]
    assert threader("rollout", "--via", "ops@10.0.0.1:2222")[0] == 4


def test_a_host_that_does_not_answer_is_told_below(threader, fleet):
    lie(fleet, story())
    fleet.hosts["app-2"] = "unreachable"
    code, text = threader("rollout")
    assert code == 4
    assert "not asked: host app-2 (10.0.0.2): unreachable" in text
    assert times.now() == NOW


def test_weights_are_shown_only_while_edges_may_have_them(threader, fleet):
    lie(fleet, story())
    assert "weight 22   " in threader("rollout")[1]
    lie(fleet, story(State.FAILED))
    assert "- py-a--prev.app-1.10009 " not in threader("rollout")[1]
