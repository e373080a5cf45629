"""The executor's port: which helper is called on which host, and what its answers mean."""

import asyncio
import json

import pytest

from deploy.faults import Place, recognise
from deploy.hosts.port import HelperPort, Times
from deploy.manifest.paths import EDGE_HELPER, HELPER
from deploy.rollout.lease import Lease
from deploy.rollout.plan import Kind, Step
from deploy.rollout.port import Answer

MOVE = Step(Kind.ACTIVATE, "a", "h1", "1.0-x", "1.1-y", port=9010, port_before=9009)
STAY = Step(Kind.ACTIVATE, "a", "h1", "1.0-x", "1.1-y", port=9009, port_before=9009)
FIRST = Step(Kind.ACTIVATE, "a", "h1", "nothing", "1.1-y", port=9009)
KEEP = Step(Kind.KEEP, "a--prev", "h1", "nothing", "1.0-x", port=10009)
DROP = Step(Kind.DROP, "a--prev", "h1", "1.0-x", "nothing", port_before=10009)
KEPT = {"state": "kept", "generation": "1.0-x"}
STOP = Step(Kind.STOP, "a", "h1", "1.0-x", "nothing", port_before=9009)


class Hosts:
    """Answers by verb, or a fault by host; everything asked is in `asked`."""

    def __init__(self, faults=(), **answers):
        self.answers, self.faults, self.asked, self.read = answers, faults, [], []

    async def call(self, connection, words, stdin=""):
        self.read.append(stdin)
        host = connection["host"]
        self.asked.append((host, "edge" if words[0] == EDGE_HELPER else "helper", *words[1:]))
        assert words[0] in (HELPER, EDGE_HELPER)
        if host in self.faults:
            raise recognise(Place(host, host), "Connection refused")
        return ["a line before", json.dumps(self.answers.get(words[1], {"state": "ok"}))]


def port(hosts, edges=("e1", "e2")):
    made = HelperPort(hosts.call, {name: {"host": name} for name in ("h1", "h2", "e1", "e2")}, edges, Times(), "deploy")
    made.lease_taken(Lease(7, "me"))
    return made


def asked(call, edges=("e1", "e2"), **answers):
    hosts = Hosts(**answers)
    return asyncio.run(call(port(hosts, edges))), hosts.asked


def short(calls):
    return [call[:4] for call in calls]


def test_who_holds_the_fleet_is_asked_of_the_step_s_own_host():
    answer, calls = asked(lambda port: port.hold(STAY), lease={"state": "superseded", "counter": 9})
    assert (answer.state, answer.counter) == ("superseded", 9)
    assert [call[:4] for call in calls] == [("h1", "helper", "lease", "7:me")]


def test_a_drain_is_asked_of_every_edge_for_longer_than_any_switch_takes():
    answer, calls = asked(lambda port: port.drain(STAY))
    assert answer == Answer("drained")
    assert calls == [(edge, "edge", "drain", "a.h1.9009", "190", "10") for edge in ("e1", "e2")]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda port: port.drain(FIRST), []),
        (lambda port: port.drain(STAY, back=True), [("e1", "edge", "drain", "a.h1.9009")]),
        (lambda port: port.drain(MOVE), [("e1", "edge", "drain", "a.h1.9009")]),
        (
            lambda port: port.drain(MOVE, back=True),
            [("e1", "edge", "drain", "a.h1.9010"), ("e1", "edge", "drain", "a.h1.9009")],
        ),
        (lambda port: port.drain(STOP, back=True), [("e1", "edge", "drain", "a.h1.9009")]),
        (lambda port: port.admit(STAY, back=False), [("e1", "edge", "admit", "a.h1.9009")]),
        (
            lambda port: port.admit(MOVE, back=False),
            [("e1", "edge", "drain", "a.h1.9009"), ("e1", "edge", "admit", "a.h1.9010")],
        ),
        (
            lambda port: port.admit(MOVE, back=True, sure=False),
            [("e1", "edge", "admit", "a.h1.9010"), ("e1", "edge", "admit", "a.h1.9009")],
        ),
        (
            lambda port: port.admit(MOVE, back=True),
            [("e1", "edge", "retire", "a.h1.9010"), ("e1", "edge", "admit", "a.h1.9009")],
        ),
        (lambda port: port.admit(STOP, back=False), [("e1", "edge", "drain", "a.h1.9009")]),
        (lambda port: port.reach(STAY), []),
        (lambda port: port.reach(STOP), []),
        (lambda port: port.reach(FIRST), [("e1", "edge", "admit", "a.h1.9009")]),
        (lambda port: port.reach(MOVE), [("e1", "edge", "admit", "a.h1.9010")]),
        (lambda port: port.retire(STAY), []),
        (lambda port: port.retire(MOVE), [("e1", "edge", "retire", "a.h1.9009")]),
        (lambda port: port.retire(STOP), [("e1", "edge", "retire", "a.h1.9009")]),
        (lambda port: port.admit(STOP, back=True), [("e1", "edge", "admit", "a.h1.9009")]),
        (lambda port: port.admit(FIRST, back=True), [("e1", "edge", "retire", "a.h1.9009")]),
    ],
)
def test_traffic_goes_to_where_the_instance_is(call, expected):
    assert short(asked(call, edges=("e1",))[1]) == expected


def test_without_edges_nobody_is_asked():
    assert asked(lambda port: port.drain(STAY), edges=()) == (Answer("drained"), [])


def test_an_edge_that_does_not_answer_is_named():
    hosts = Hosts(faults=("e2",))
    answer = asyncio.run(port(hosts).drain(STAY))
    assert answer.state == "unreachable"
    assert answer.reason.startswith("edge on e2 could not drain a.h1.9009: ")


def test_a_switch_is_done_under_the_lease_and_says_why():
    answer, (call,) = asked(lambda port: port.begin(STAY), begin={"state": "healthy"})
    assert answer == Answer("healthy")
    assert call[:7] == ("h1", "helper", "begin", "a", "1.1-y", "7:me", "60")
    assert call[8] == "deploy"


@pytest.mark.parametrize(
    ("call", "generation", "purpose"),
    [
        (lambda port: port.begin(STOP), "-", "deploy"),
        (lambda port: port.revert(STAY, reject=False), "1.0-x", "undo"),
        (lambda port: port.revert(STAY, reject=True), "1.0-x", "reject"),
        (lambda port: port.revert(FIRST, reject=False), "-", "undo"),
    ],
)
def test_stops_and_ways_back_are_switches_too(call, generation, purpose):
    _, calls = asked(call, begin={"state": "healthy"})
    assert (calls[0][4], calls[0][8]) == (generation, purpose)


def test_without_a_lease_nothing_has_begun_so_no_host_is_told_to_undo_it():
    hosts = Hosts()
    found = asyncio.run(HelperPort(hosts.call, {"h1": {"host": "h1"}}, (), Times(), "deploy").undo(STAY))
    assert (found.state, hosts.asked) == ("lost", [])


def test_what_did_not_come_back_healthy_is_not_confirmed():
    answer, calls = asked(lambda port: port.revert(STAY, reject=False), begin={"state": "failed", "reason": "why"})
    assert answer == Answer("failed", "why")
    assert [call[2] for call in calls] == ["begin"]


def test_a_confirmation_is_asked_for_again_when_the_answer_is_lost():
    hosts = Hosts(faults=("h1",))
    assert asyncio.run(port(hosts).confirm(STAY)).state == "unreachable"
    assert [call[2] for call in hosts.asked] == ["confirm"] * 3


def test_a_survey_asks_each_host_once_about_all_its_instances():
    hosts = Hosts(faults=("h2",), survey={"a": None, "b": "HTTP 503"})
    found = asyncio.run(port(hosts).survey({"a": "h1", "b": "h1", "c": "h2"}))
    assert found["a"] is None
    assert found["b"] == "HTTP 503"
    assert found["c"].startswith("host h2: ")
    assert hosts.asked[0] == ("h1", "helper", "survey", "a", "b")


def test_who_holds_the_lease_is_told_with_since_when_and_for_what():
    lease = {"token": "4:them", "by": "alice@ci", "purpose": "rollback", "since": "2026-01-02T03:04:05Z"}
    answer, _ = asked(lambda port: port.lease("h1", "5:me", "deploy"), lease={"state": "held", "lease": lease})
    assert answer == Answer("held", "alice@ci has the fleet for a rollback (r4) since 2026-01-02T03:04:05Z")


def test_a_lease_that_is_superseded_tells_the_counter_to_beat():
    answer, _ = asked(lambda port: port.lease("h1", "5:me", "deploy"), lease={"state": "superseded", "counter": 9})
    assert (answer.state, answer.counter) == ("superseded", 9)


# --- second slots


def test_a_slot_is_made_and_then_switched_as_any_instance():
    answer, calls = asked(lambda port: port.begin(KEEP), keep=KEPT, begin={"state": "healthy"})
    assert answer == Answer("healthy")
    assert calls[0] == ("h1", "helper", "keep", "a", "10009", "7:me")
    assert calls[1][:6] == ("h1", "helper", "begin", "a--prev", "1.0-x", "7:me")


def test_one_that_can_not_be_made_is_not_switched():
    answer, calls = asked(lambda port: port.begin(KEEP), keep={"state": "failed", "reason": "why"})
    assert (answer, len(calls)) == (Answer("failed", "why"), 1)


@pytest.mark.parametrize("begun", [{"state": "failed", "reason": "ill"}, {"state": "reverted", "reason": "late"}])
def test_one_that_does_not_get_well_goes(begun):
    answer, calls = asked(lambda port: port.begin(KEEP), keep=KEPT, begin=begun, drop={"state": "dropped"})
    assert answer == Answer(**begun)
    assert calls[-1] == ("h1", "helper", "drop", "a--prev", "7:me")


def test_an_instance_that_runs_something_else_by_now_is_not_kept():
    other = {"state": "kept", "generation": "1.0-z"}
    answer, calls = asked(lambda port: port.begin(KEEP), keep=other, drop={"state": "dropped"})
    assert answer == Answer("failed", "a runs 1.0-z by now, and no longer 1.0-x")
    assert [call[2] for call in calls] == ["keep", "drop"]


@pytest.mark.parametrize(
    ("call", "state"),
    [
        (lambda port: port.begin(DROP), "healthy"),
        (lambda port: port.undo(KEEP), "reverted"),
        (lambda port: port.revert(KEEP, reject=True), "confirmed"),
        (lambda port: port.warm(KEEP, 0), "warm"),
    ],
)
def test_a_slot_that_is_not_needed_is_dropped(call, state):
    answer, calls = asked(call, drop={"state": "dropped"})
    assert answer == Answer(state)
    assert calls == [("h1", "helper", "drop", "a--prev", "7:me")]
    failed, _ = asked(call, drop={"state": "failed", "reason": "why"})
    assert failed == Answer("failed", "why")


def test_what_is_dropped_is_confirmed_and_nothing_goes_back_to_it():
    assert asked(lambda port: port.confirm(DROP)) == (Answer("confirmed"), [])
    assert asked(lambda port: port.revert(DROP, reject=False)) == (Answer("confirmed"), [])
    assert asked(lambda port: port.undo(DROP)) == (Answer("lost"), [])


def test_a_slot_of_another_controller_is_left_to_it_but_an_unconfirmed_switch_is_undone():
    answer, calls = asked(
        lambda port: port.undo(KEEP), drop={"state": "superseded", "counter": 9}, undo={"state": "reverted"}
    )
    assert answer == Answer("reverted")
    assert [call[2] for call in calls] == ["drop", "undo"]


def test_a_slot_is_kept_warm_for_a_while():
    answer, calls = asked(lambda port: port.warm(KEEP, 600), warm={"state": "warm"})
    assert (answer, calls) == (Answer("warm"), [("h1", "helper", "warm", "a--prev", "600", "7:me")])


# --- traffic, stories and requests


def test_traffic_is_shifted_at_every_edge():
    answer, calls = asked(
        lambda port: port.shift({"a.h1.9009": 0, "a--prev.h1.10009": 100}), shift={"state": "shifted"}
    )
    assert answer == Answer("shifted")
    assert {(call[0], *call[1:3]) for call in calls} == {("e1", "edge", "shift"), ("e2", "edge", "shift")}
    assert json.loads(calls[0][3]) == {"a.h1.9009": 0, "a--prev.h1.10009": 100}


def test_the_way_back_says_so():
    _, calls = asked(lambda port: port.shift({"a.h1.9009": 100}, back=True), shift={"state": "shifted"})
    assert {call[-1] for call in calls} == {"back"}


def test_every_edge_that_did_not_shift_is_named():
    hosts = Hosts(faults=("e2",), shift={"state": "failed", "reason": "not up"})
    answer = asyncio.run(port(hosts).shift({"a.h1.9009": 100}))
    assert answer.state == "unreachable"
    assert answer.reason.startswith("edge on e1 did not shift: not up; edge on e2 did not shift: ")


def test_a_story_goes_by_standard_input():
    hosts = Hosts(story={"state": "written"})
    assert asyncio.run(port(hosts).story("h1", {"id": "r7"})) == Answer("written")
    assert (hosts.asked, hosts.read) == ([("h1", "helper", "story", "7:me")], ['{"id":"r7"}'])


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"verb": "abort", "by": "alice@ci", "at": "T"}, "alice@ci asked for an abort at T"),
        ({"verb": "abort", "at": "T"}, "somebody asked for an abort at T"),
        ({"verb": "other", "by": "alice@ci", "at": "T"}, None),
        (None, None),
    ],
)
def test_who_asked_a_rollout_to_stop_is_told(request_, told):
    answer, calls = asked(lambda port: port.asked("h1"), ask={"state": "asked", "request": request_})
    assert (answer, calls) == (told, [("h1", "helper", "ask", "7:me")])


def test_a_host_that_does_not_answer_asks_for_nothing():
    assert asyncio.run(port(Hosts(faults=("h1",))).asked("h1")) is None
