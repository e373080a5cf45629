"""A whole rollout: the lease, what every host notes, and the plan."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy.rollout.back import Superseded
from deploy.rollout.conduct import Changed, Ending, NotNoted, Order, conduct
from deploy.rollout.execute import RolloutFailed
from deploy.rollout.lease import LeaseFault
from deploy.rollout.plan import Target
from deploy.rollout.port import Answer
from deploy.rollout.run import Run
from tests.deploy.rollout.fakes import NEW, OLD, FakePort, plan
from tests.simulation.process import run

PLACES = {"a": "h1", "b": "h2"}
FOUND = Target({"a": OLD, "b": f"{OLD} (failed)"}, PLACES, {"a": 9001, "b": 9001})
ORDER = Order(
    purpose="deploy",
    by="me@here",
    strategy="rolling",
    found=FOUND,
    wanted=Target({"a": NEW, "b": NEW}, PLACES, {"a": 9001, "b": 9001}),
    scope=frozenset({"h2", "h1", "edge"}),
    seen=6,
    hosts={"h1": {"address": "192.0.2.1", "user": "root", "port": 22}},
    edges=("edge",),
    settings={"batch": 1},
)


class FakeHosts(FakePort):
    """Grants a lease and notes; `granted` are the answers to the first questions for it."""

    def __init__(self, *arguments, granted=(), noted="noted"):
        super().__init__(*arguments)
        self.granted, self.noted, self.records, self.token = list(granted), noted, [], None
        self.written, self.stories = "written", []

    def lease_taken(self, lease):
        self.token = lease.token

    async def lease(self, host, token, purpose):
        self.calls.append(("lease", host, token))
        return self.granted.pop(0) if self.granted else Answer("granted")

    async def release(self, host, token):
        self.calls.append(("release", host, token))

    async def note(self, host, record):
        self.calls.append(("note", host, record["verdict"]))
        self.records.append(record)
        return Answer(self.noted, "disk full" if self.noted != "noted" else None)

    async def story(self, host, record):
        self.stories.append((host, record))
        return Answer(self.written, "disk full" if self.written != "written" else None)


def conducted(port, order=ORDER, look=None):
    made = Run(plan("a", "b"), port)
    look = look or looked(FOUND)
    return run(conduct(order, made, port, "me", lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), look))


def test_the_lease_is_taken_first_then_it_is_noted_then_done_then_noted_and_given_back():
    port = FakeHosts()
    assert conducted(port) == Ending("r7")
    assert port.token == "7:me"
    hosts = ("edge", "h1", "h2")
    assert port.words()[:6] == [*(f"lease {host} 7:me" for host in hosts), *(f"note {host} begun" for host in hosts)]
    assert port.words()[-6:-3] == [f"note {host} done" for host in hosts]
    assert sorted(port.words()[-3:]) == [f"release {host} 7:me" for host in hosts]


def test_a_record_lets_any_host_tell_how_to_go_back():
    port = FakeHosts()
    conducted(port)
    assert port.records[0] == {
        "id": "r7",
        "token": "7:me",
        "at": "2026-01-02T03:04:05Z",
        "by": "me@here",
        "purpose": "deploy",
        "strategy": "rolling",
        "verdict": "begun",
        "reason": None,
        "before": {"a": OLD, "b": OLD},
        "instances": {"a": NEW, "b": NEW},
        "placement": PLACES,
        "ports": {"a": 9001, "b": 9001},
        "hosts": {"h1": {"address": "192.0.2.1", "user": "root", "port": 22}},
        "edges": ["edge"],
        "settings": {"batch": 1},
    }
    assert port.records[-1] == {**port.records[0], "verdict": "done"}


@pytest.mark.parametrize(
    ("state", "error", "verdict"), [("failed", RolloutFailed, "failed"), ("superseded", Superseded, "superseded")]
)
def test_how_it_ended_is_noted_with_the_reason_and_the_lease_is_given_back(state, error, verdict):
    port = FakeHosts({"b": {"begin": state}})
    with pytest.raises(error) as raised:
        conducted(port)
    assert (port.records[-1]["verdict"], port.records[-1]["reason"]) == (verdict, str(raised.value))
    assert len(port.called("release")) == 3


@pytest.mark.parametrize("state", ["unreachable", "failed"])
def test_where_a_host_can_not_note_that_it_begins_nothing_is_activated(state):
    port = FakeHosts(noted=state)
    with pytest.raises(NotNoted, match=r"nothing was activated: host edge: disk full; .*next: threader doctor"):
        conducted(port)
    assert port.called("begin") == []
    assert len(port.called("release")) == 3


def test_without_the_lease_nothing_is_noted():
    port = FakeHosts(granted=[Answer("granted"), Answer("unreachable", "no answer")])
    with pytest.raises(LeaseFault):
        conducted(port)
    assert port.records == []


# --- another controller was at work since the plan was made

WAITED = {"held": [Answer("held", "x has the fleet")], "a higher counter": [Answer("superseded", None, 7)]}


def looked(found, made=plan("b", "a")):
    async def look():
        return found, made

    return look


@pytest.mark.parametrize("granted", WAITED.values(), ids=WAITED)
def test_where_the_same_runs_the_plan_of_the_second_look_is_carried_out(granted):
    drained = replace(FOUND, instances={"a": OLD, "b": f"{OLD} (drained at edge)"})
    port = FakeHosts(granted=granted)
    conducted(port, look=looked(drained))
    assert port.called("begin") == ["b", "a"]


@pytest.mark.parametrize("granted", WAITED.values(), ids=WAITED)
@pytest.mark.parametrize(
    "found",
    [
        replace(FOUND, instances={"a": NEW, "b": OLD}),
        replace(FOUND, placement={"a": "h3", "b": "h2"}),
        replace(FOUND, ports={"a": 9009, "b": 9001}),
        replace(FOUND, arrived={"a": NEW}),
    ],
)
def test_a_plan_that_does_not_hold_any_more_is_not_carried_out(granted, found):
    port = FakeHosts(granted=granted)
    with pytest.raises(Changed, match=r"nothing was activated: another rollout .* next: threader deploy"):
        conducted(port, look=looked(found))
    assert port.called("begin") == port.records == []
    assert len(port.called("release")) >= 3


def test_what_another_controller_may_have_changed_without_a_lease_of_its_own_is_looked_at_again():
    with pytest.raises(Changed):
        conducted(FakeHosts(), replace(ORDER, unsure=True), looked(replace(FOUND, instances={"a": NEW, "b": OLD})))


def test_the_story_says_that_not_all_could_go_back():
    port = FakeHosts({"a": {"revert": "failed"}, "b": {"confirm": "failed"}})
    with pytest.raises(RolloutFailed, match="degraded"):
        conducted(port)
    assert port.stories[-1][1]["degraded"]


def test_nobody_looks_again_when_nobody_else_was_at_work():
    async def look():
        raise AssertionError("it looks")

    assert conducted(FakeHosts(), look=look) == Ending("r7")


def test_who_tells_people_hears_the_story_before_hosts_do_and_gives_it_its_thread():
    port, heard = FakeHosts(), []

    async def herald(story):
        heard.append((story.state, story.thread, len(port.stories)))
        return "ts1"

    conducted(port, replace(ORDER, herald=herald, thread="ts0"))
    assert heard[0] == ("running", "ts0", 0)
    assert heard[-1][0] == "done"
    assert {record["thread"] for _, record in port.stories} == {"ts1"}
