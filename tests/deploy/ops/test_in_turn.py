"""Restarting in turn: one at a time, under the lease, and no further than the first that does not come back."""

import pytest

from deploy.manifest.paths import EDGE_HELPER
from deploy.ops.in_turn import Fleet, NotRestarted, Place, Times, restart

PLACES = [Place(f"py-{name}", f"app-{number}", f"py-{name}.app-{number}.9009") for number, name in enumerate("abc", 1)]
FLEET = Fleet(PLACES, ["app-1", "app-3"])
SHOWN = PLACES[0].server
SERVED = ("drain", "restart", "survey", "admit")


class Hosts:
    """Hosts whose instances need three looks to be well again, and a clock that only waiting moves."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.said: list[tuple[str, ...]] = []
        self.down: dict[str, float] = {}
        self.broken: set[str] = set()
        self.answers: dict[tuple[str, str], dict] = {}
        self.counter = 0
        self.at_once: list[int] = []
        self.seen: list[str] = []
        """What an edge says of SHOWN at each look, until it is up."""

    def ask(self, host: str, helper: str, verb: str, *words: str) -> dict:
        self.said.append((host, verb, *words))
        if (host, verb) in self.answers:
            return self.answers[(host, verb)]
        if verb == "show":
            return {"servers": {SHOWN: self.seen.pop(0) if self.seen else "UP"}}
        if helper == EDGE_HELPER:
            return {"state": "drained" if verb == "drain" else "ready"}
        if verb == "lease":
            counter = int(words[0].split(":")[0])
            return {"state": "granted"} if counter > self.counter else {"state": "superseded", "counter": self.counter}
        if verb == "restart":
            self.down[words[0]] = float("inf") if words[0] in self.broken else self.clock + 1.2
            self.at_once.append(sum(until > self.clock for until in self.down.values()))
            return {"state": "restarted"}
        if verb == "survey":
            return {words[0]: "HTTP 503" if self.down.get(words[0], 0) > self.clock else None}
        return {"state": "released"}

    def pause(self, seconds: float) -> None:
        self.clock += seconds

    def now(self) -> float:
        return self.clock

    def did(self, *verbs: str) -> list[tuple[str, ...]]:
        return [words for words in self.said if words[1] in verbs]


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


def run(hosts: Hosts, fleet: Fleet = FLEET) -> list[str]:
    told: list[str] = []
    restart(fleet, hosts, Times(wait=30, drain=5), "me@here", told.append)
    return told


def test_all_are_restarted_in_their_order_and_never_two_at_once(hosts: Hosts):
    told = run(hosts)
    assert [words[2] for words in hosts.did("restart")] == ["py-a", "py-b", "py-c"]
    assert hosts.at_once == [1, 1, 1]
    assert told[1] == "py-b on app-2: restarted, healthy and ready after 1.5 s"


def test_the_edges_send_an_instance_nothing_while_it_is_away(hosts: Hosts):
    run(hosts)
    begin = hosts.said.index(("app-2", "restart", "py-b", "me@here"))
    assert [words[:3] for words in hosts.said[begin - 2 : begin]] == [
        ("app-1", "drain", "py-b.app-2.9009"),
        ("app-3", "drain", "py-b.app-2.9009"),
    ]
    after = hosts.did("admit", "restart", "survey")
    admitted = after.index(("app-1", "admit", "py-b.app-2.9009"))
    assert after[admitted - 1] == ("app-2", "survey", "py-b")
    assert after[admitted + 1] == ("app-3", "admit", "py-b.app-2.9009")


def test_the_first_that_does_not_come_back_ends_it(hosts: Hosts):
    hosts.broken = {"py-b"}
    with pytest.raises(NotRestarted) as failure:
        run(hosts)
    assert str(failure.value) == (
        "py-b on app-2 did not come back: HTTP 503, for 30 s; left alone: py-c; next: threader logs py-b"
    )
    assert [words[2] for words in hosts.did("restart")] == ["py-a", "py-b"]
    assert hosts.did("admit")[-1] == ("app-3", "admit", "py-b.app-2.9009")


def test_nothing_is_begun_while_any_is_unwell(hosts: Hosts):
    hosts.down = {"py-c": float("inf")}
    with pytest.raises(NotRestarted, match="nothing was restarted, since not all is well: py-c: HTTP 503"):
        run(hosts)
    assert hosts.did("restart", "drain") == []


def test_the_next_waits_until_every_edge_has_found_it_up(hosts: Hosts):
    hosts.seen = ["UP", "DOWN 1/2", "DOWN 1/2", "DOWN 1/2"]
    assert "py-a on app-1: restarted, healthy and ready after 3.0 s" in run(hosts)


def test_an_edge_that_never_finds_it_up_ends_it(hosts: Hosts):
    hosts.seen = ["DOWN"] * 100
    with pytest.raises(NotRestarted, match="py-a on app-1 did not come back: the edge on app-1 says DOWN of it, for 3"):
        run(hosts)


@pytest.mark.parametrize("state", ["busy", "failed"])
def test_a_host_that_refuses_ends_it_with_its_reason(hosts: Hosts, state: str):
    hosts.answers["app-1", "restart"] = {"state": state, "reason": "it is being switched"}
    with pytest.raises(NotRestarted, match="py-a on app-1 did not come back: it is being switched; left alone: py-b"):
        run(hosts)


def test_a_deploy_that_has_the_fleet_is_not_disturbed(hosts: Hosts):
    holder = {"by": "eve@laptop", "purpose": "deploy", "since": "2026-01-01T00:00:00Z"}
    hosts.answers["app-2", "lease"] = {"state": "held", "lease": holder}
    with pytest.raises(NotRestarted) as refusal:
        run(hosts)
    assert str(refusal.value) == (
        "eve@laptop has the fleet for a deploy since 2026-01-01T00:00:00Z, as host app-2 says; next: threader status"
    )
    assert hosts.did(*SERVED) == []
    assert [words[0] for words in hosts.did("release")] == ["app-1", "app-2", "app-3"]


def test_the_lease_has_a_higher_counter_than_any_before_and_is_given_back(hosts: Hosts):
    hosts.counter = 41
    run(hosts)
    token = hosts.did("lease")[-1][2]
    assert token.startswith("42:")
    assert {words[2] for words in hosts.did("release")} == {token}


def test_who_is_superseded_stops(hosts: Hosts):
    def overtaken(seconds: float) -> None:
        hosts.clock += seconds
        hosts.counter = 7

    hosts.pause = overtaken
    with pytest.raises(NotRestarted, match="somebody else has the fleet by now"):
        run(hosts)
    assert [words[2] for words in hosts.did("restart")] == ["py-a"]


def test_a_silent_host_keeps_it_from_beginning(hosts: Hosts):
    hosts.answers["app-3", "lease"] = {"state": "failed", "reason": "no answer: timed out"}
    with pytest.raises(NotRestarted, match="host app-3: no answer: timed out; next: threader doctor"):
        run(hosts)
    assert hosts.did(*SERVED) == []


def test_an_edge_that_can_not_drain_is_told_of_and_stops_nothing(hosts: Hosts):
    hosts.answers["app-3", "drain"] = {"state": "failed", "reason": "no socket"}
    told = run(hosts)
    assert "the edge on app-3 could not drain py-a.app-1.9009: no socket" in told
    assert len(hosts.did("restart")) == 3
