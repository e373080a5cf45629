"""The way back: each instance by how far it came, batches in reverse, and nothing holds it up."""

import asyncio
from dataclasses import replace

import pytest

from deploy.rollout.back import Ended, Failure, Superseded, go_back, held
from deploy.rollout.plan import Batch, Kind, Plan
from deploy.rollout.port import Answer
from deploy.rollout.run import Run
from tests.deploy.rollout.fakes import FakePort, plan, step
from tests.simulation.process import run

A, B = step("a"), step("b")


def back(port, ended=Ended(), done=(), culprits=()):
    return run(go_back(Run(Plan(()), port), ended, done, culprits))


def ended(*states):
    names = "abcdef"[: len(states)]
    return Ended(tuple(map(step, names)), tuple(Answer(state) for state in states))


@pytest.mark.parametrize(
    ("state", "answers", "asked", "stuck"),
    [
        ("failed", {}, [], []),
        ("reverted", {}, [], []),
        ("busy", {}, [], []),
        ("not begun", {}, [], []),
        ("healthy", {}, ["undo a"], []),
        ("unreachable", {}, ["undo a"], []),
        ("lost", {}, ["undo a"], []),
        ("failing", {}, ["undo a"], []),
        ("healthy", {"undo": "failed"}, ["undo a"], []),
        ("unreachable", {"undo": "lost"}, ["undo a"], []),
        (
            "healthy",
            {"undo": "unreachable"},
            ["undo a"],
            ["a on host-a goes back by itself: no word from it yet (reason of a)"],
        ),
        ("unreachable", {"undo": "confirmed"}, ["undo a", "revert a"], []),
        ("confirmed", {}, ["revert a"], []),
        ("confirmed", {"revert": "busy"}, ["revert a"], ["a on host-a could not go back (reason of a)"]),
        ("confirmed", {"revert": "unreachable"}, ["revert a"], ["a on host-a could not go back (reason of a)"]),
    ],
)
def test_an_instance_goes_back_by_how_far_it_came(state, answers, asked, stuck):
    port = FakePort({"a": answers})
    assert back(port, ended(state)) == stuck
    assert port.words("undo", "revert") == asked
    assert port.words("admit") == ["admit a back or not" if stuck else "admit a back"]


@pytest.mark.parametrize("done", [(), plan("a").batches])
def test_what_was_confirmed_is_drained_before_it_goes_back(done):
    port = FakePort()
    back(port, Ended() if done else ended("confirmed"), done)
    assert port.words() == ["drain a back", "revert a", "admit a back"]


def test_all_are_drained_before_the_first_goes_back_since_one_may_wait_for_another_s_port():
    class Slow(FakePort):
        async def drain(self, step, *, back=False):
            await asyncio.sleep(20 if step.instance == "a" else 1)
            return await super().drain(step, back=back)

    port = Slow()
    back(port, done=plan("a b").batches)
    assert port.words("drain", "revert") == ["drain b back", "drain a back", "revert a", "revert b"]


def test_where_another_controller_has_taken_over_nothing_is_drained_or_reverted():
    port = FakePort({"a": {"hold": "superseded"}})
    with pytest.raises(Superseded, match="reason of a; this deploy did nothing more; next: threader status"):
        back(port, done=plan("a").batches)
    assert port.words() == []


def test_only_what_failed_is_rejected():
    port = FakePort()
    back(port, done=(Batch((A, B)),), culprits={"b"})
    assert sorted(port.words("revert")) == ["revert a", "revert b reject"]


def test_earlier_batches_are_drained_reverted_and_admitted_from_the_last_to_the_first():
    port = FakePort()
    back(port, done=plan("a", "b").batches)
    expected = [f"{verb} {name}" for name in "ba" for verb in ("drain", "revert", "admit")]
    assert port.words() == [f"{words} back" if "revert" not in words else words for words in expected]


def test_one_that_could_not_go_back_where_it_was_is_not_stopped_where_it_came_to():
    there, here = step("a", before="nothing"), step("a", Kind.STOP)
    port = FakePort({"a": {"revert": "failed"}})
    assert back(port, done=(Batch((replace(there, host="h2"),)), Batch((here,)))) == [
        "a on host-a could not go back (reason of a)",
        "a on h2 stays",
    ]
    assert port.words("revert") == ["revert a"]


def test_an_answer_about_the_lease_that_was_read_late_is_asked_for_again():
    class Stopped(FakePort):
        async def hold(self, step):
            answer = await super().hold(step)
            await asyncio.sleep(30 if self.called("hold") == ["a"] else 0)
            return answer

    port = Stopped()
    run(held(Run(Plan(()), port), [A]))
    assert port.called("hold") == ["a", "a"]


def test_one_that_could_not_go_back_holds_no_other_up():
    port = FakePort({"b": {"drain": "unreachable", "revert": "unreachable", "admit": "unreachable"}})
    stuck = back(port, done=plan("a", "b", "c").batches)
    assert stuck == ["b on host-b could not go back (reason of b)"]
    assert port.called("revert") == ["c", "b", "a"]


def test_what_was_only_admitted_stays_admitted():
    port = FakePort()
    back(port, done=(Batch((step("a", Kind.ADMIT), B)),))
    assert port.words() == ["drain b back", "revert b", "admit b back"]


def test_every_step_that_is_not_well_is_a_failure_with_its_reason():
    made = Ended((A, B), (Answer("healthy"), Answer("failed", "HTTP 500")))
    assert made.failures == (Failure("b", "HTTP 500", "b on host-b with 1.1-y: "),)
    assert str(made.failures[0]) == "b on host-b with 1.1-y: HTTP 500"


def test_what_did_not_begin_because_of_another_is_none():
    made = Ended((A, B), (Answer("not begun"), Answer("not begun", "no answer")))
    assert [failure.instance for failure in made.failures] == ["b"]


def test_what_ended_a_batch_without_a_step_at_fault_is_the_failure():
    made = Ended((A,), (Answer("healthy"),), "cancelled")
    assert [str(failure) for failure in made.failures] == ["cancelled"]


def test_unconfirmed_is_what_may_be_switched_and_not_confirmed():
    states = ("healthy", "confirmed", "failed", "unreachable", "not begun", "lost")
    assert [each.instance for each in ended(*states).unconfirmed] == ["a", "d", "f"]
