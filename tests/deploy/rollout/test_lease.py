"""One controller at a time has the fleet: on hosts that keep a lease as the real ones do, in virtual time."""

import asyncio

import pytest

from deploy.rollout.lease import SECONDS, LeaseFault, LeaseHeld, held
from deploy.rollout.port import UNREACHABLE, Answer
from tests.simulation.process import run


class Hosts:
    """Hosts by name with the token that each stores, and until when it is live; `dead` ones do not answer."""

    def __init__(self, *names, dead=()):
        self.stored = dict.fromkeys(names, ((0, ""), 0.0))
        self.dead, self.calls = set(dead), []

    async def lease(self, host, token, purpose):
        self.calls.append(("lease", host, token))
        await asyncio.sleep(0.1)
        mine, now = rank(token), asyncio.get_running_loop().time()
        stored, until = self.stored[host]
        if host in self.dead:
            return Answer(UNREACHABLE, "no answer")
        if stored[1] != mine[1] and until > now:
            return Answer("held", f"{stored[1]} has the fleet")
        if mine[0] < stored[0] or (mine[0] == stored[0] and mine != stored):
            return Answer("superseded", None, stored[0])
        self.stored[host] = (mine, now + SECONDS)
        return Answer("granted")

    async def release(self, host, token):
        self.calls.append(("release", host, token))
        stored, _ = self.stored[host]
        if stored == rank(token):
            self.stored[host] = (stored, 0.0)

    async def note(self, host, record):
        raise AssertionError("a lease is not noted")


def rank(token):
    counter, _, who = token.partition(":")
    return int(counter), who


async def taken(hosts, who="me", seen=0, seconds=0.0, told=None):
    """Have the lease for some seconds; it, and when it was granted."""
    async with held(
        hosts, list(hosts.stored), "deploy", seen, who, [].append if told is None else told.append
    ) as lease:
        granted = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
        return lease, granted


def test_every_host_grants_it_in_the_order_of_their_names_and_gets_it_back():
    hosts = Hosts("h2", "h1")
    lease, _ = run(taken(hosts))
    assert (lease.token, lease.rollout, lease.waited) == ("1:me", "r1", False)
    assert [call[:2] for call in hosts.calls[:2]] == [("lease", "h1"), ("lease", "h2")]
    assert sorted(hosts.calls[2:]) == [("release", "h1", "1:me"), ("release", "h2", "1:me")]


def test_it_is_higher_than_any_that_was_seen_and_than_any_that_a_host_tells():
    hosts = Hosts("h1", "h2")
    hosts.stored["h2"] = ((9, "other"), 0.0)
    lease, _ = run(taken(hosts, seen=4))
    assert lease.counter == 10
    assert lease.waited
    assert [call for call in hosts.calls if call[0] == "lease"][:3] == [
        ("lease", "h1", "5:me"),
        ("lease", "h2", "5:me"),
        ("lease", "h1", "10:me"),
    ]


def test_who_held_it_is_waited_for_and_told():
    async def both():
        first = asyncio.create_task(taken(hosts, "first", seconds=20))
        await asyncio.sleep(1)
        lease, granted = await taken(hosts, "second", told=told)
        await first
        return lease, granted

    hosts, told = Hosts("h1", "h2"), []
    lease, granted = run(both())
    assert 20 < granted < 24
    assert lease.waited
    assert set(told) == {"waiting, since first has the fleet"}


def test_a_holder_that_died_blocks_for_less_than_a_minute():
    async def after_a_death():
        dying = asyncio.create_task(taken(hosts, "dead", seconds=1000))
        await asyncio.sleep(31)
        hosts_of_the_living = Hosts("h1", "h2")
        hosts_of_the_living.stored = hosts.stored.copy()
        dying.cancel()
        return await taken(hosts_of_the_living, "next", seen=1)

    hosts = Hosts("h1", "h2")
    lease, granted = run(after_a_death())
    assert 31 + 30 < granted < 31 + 60
    assert lease.token == "2:next"


def test_a_holder_that_lives_keeps_it_and_the_other_gives_up_in_the_end():
    async def both():
        first = asyncio.create_task(taken(hosts, "first", seconds=1000))
        await asyncio.sleep(1)
        with pytest.raises(LeaseHeld, match=r"first has the fleet, as host h1 says; next: threader status"):
            await taken(hosts, "second")
        assert 60 < asyncio.get_running_loop().time() < 70
        return await first

    hosts = Hosts("h1", "h2")
    assert run(both())[0].token == "1:first"


def test_what_was_granted_is_given_back_when_another_host_refuses():
    hosts = Hosts("h1", "h2", "h3")
    hosts.stored["h2"] = ((0, "other"), 1e9)
    with pytest.raises(LeaseHeld):
        run(taken(hosts))
    assert hosts.stored["h1"][1] == 0.0
    assert ("lease", "h3", "1:me") not in hosts.calls


def test_a_host_that_does_not_answer_ends_it_at_once_and_may_have_heard():
    hosts = Hosts("h1", "h2", dead=["h2"])
    with pytest.raises(LeaseFault, match="nothing was activated: host h2: no answer; next: threader doctor"):
        run(taken(hosts))
    assert {call[1] for call in hosts.calls if call[0] == "release"} == {"h1", "h2"}


def test_it_is_given_back_also_after_an_error():
    async def failing():
        async with held(hosts, ["h1"], "deploy", 0, "me", print):
            raise ValueError

    hosts = Hosts("h1")
    with pytest.raises(ValueError):
        run(failing())
    assert hosts.stored["h1"] == ((1, "me"), 0.0)


def test_two_of_the_same_counter_are_never_both_granted():
    async def both():
        return await asyncio.gather(taken(hosts, "a", seconds=5), taken(hosts, "b", seconds=5))

    for seed in range(20):
        hosts = Hosts("h1", "h2")
        (first, _), (second, _) = run(both(), seed)
        assert first.counter != second.counter
