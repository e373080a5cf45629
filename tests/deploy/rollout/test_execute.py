"""A rollout succeeds whole, or every instance goes back: for whatever answers the hosts give, in whatever order."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.rollout.execute import Answer, RolloutFailed, execute
from deploy.rollout.plan import Kind, Plan, Step

BEGUN = st.sampled_from(("healthy", "healthy", "healthy", "failed", "busy", "unreachable", "lost", "reverted"))
CONFIRMED = st.sampled_from(("confirmed", "confirmed", "confirmed", "reverted", "unreachable", "lost", "failed"))
UNDONE = st.sampled_from(("reverted", "reverted", "unreachable", "failed", "lost"))
REVERTED = st.sampled_from(("confirmed", "confirmed", "stopped", "failed", "unreachable", "busy"))
HOST = st.fixed_dictionaries({"begin": BEGUN, "confirm": CONFIRMED, "undo": UNDONE, "revert": REVERTED})
FLEETS = st.lists(HOST, min_size=1, max_size=4)
STOPS = (Step(Kind.STOP, "old", "h9", "1.0-x", "nothing"),)
WELL = {"begin": "healthy", "confirm": "confirmed", "undo": "reverted", "revert": "confirmed"}


class FakePort:
    """Answers as told, notes every call, and gives way before each answer so that calls mix."""

    def __init__(self, hosts):
        self.hosts, self.calls, self.open = hosts, [], 0

    async def _answer(self, verb, step):
        self.calls.append((verb, step.instance))
        for _ in range(len(step.instance) % 3):
            await asyncio.sleep(0)
        state = self.hosts[step.instance][verb]
        return Answer(state, f"reason of {step.instance}")

    async def begin(self, step):
        return await self._answer("begin", step)

    async def confirm(self, step):
        return await self._answer("confirm", step)

    async def undo(self, step):
        return await self._answer("undo", step)

    async def revert(self, step):
        return await self._answer("revert", step)

    async def stop(self, step):
        self.calls.append(("stop", step.instance))
        return Answer("stopped")

    def called(self, verb):
        return {instance for each, instance in self.calls if each == verb}


def carried_out(hosts, stops=STOPS):
    """The port after the rollout, its error text or None, and what was told."""
    names = {f"i{'x' * number}": host for number, host in enumerate(hosts)}
    steps = tuple(Step(Kind.ACTIVATE, name, f"host-{name}", "1.0-x", "1.1-y") for name in names)
    port, told = FakePort(names), []
    try:
        asyncio.run(execute(Plan((*steps, *stops)), port, told.append))
    except RolloutFailed as error:
        return port, str(error), told
    return port, None, told


@given(FLEETS)
def test_it_succeeds_exactly_when_every_instance_was_healthy_and_was_confirmed(hosts):
    _, error, _ = carried_out(hosts)
    well = all(host["begin"] == "healthy" and host["confirm"] == "confirmed" for host in hosts)
    assert (error is None) == well


@given(FLEETS)
def test_nothing_is_confirmed_before_all_are_healthy(hosts):
    port, _, _ = carried_out(hosts)
    if any(host["begin"] != "healthy" for host in hosts):
        assert not port.called("confirm")
    else:
        verbs = [verb for verb, _ in port.calls]
        assert max(i for i, verb in enumerate(verbs) if verb == "begin") < verbs.index("confirm")


@given(FLEETS)
def test_when_one_is_not_healthy_every_healthy_one_is_undone_once_and_no_other(hosts):
    port, error, _ = carried_out(hosts)
    if any(host["begin"] != "healthy" for host in hosts):
        healthy = {name for name, host in port.hosts.items() if host["begin"] == "healthy"}
        assert error
        assert sorted(name for verb, name in port.calls if verb == "undo") == sorted(healthy)
        assert not port.called("revert")


@given(FLEETS)
def test_when_one_is_not_confirmed_every_confirmed_one_is_reverted_once_and_no_other(hosts):
    port, error, _ = carried_out([{**host, "begin": "healthy"} for host in hosts])
    if any(host["confirm"] != "confirmed" for host in hosts):
        confirmed = {name for name, host in port.hosts.items() if host["confirm"] == "confirmed"}
        assert error
        assert sorted(name for verb, name in port.calls if verb == "revert") == sorted(confirmed)
        assert not port.called("undo")


@given(FLEETS)
def test_what_is_no_longer_wanted_is_stopped_only_after_success_and_last(hosts):
    port, error, _ = carried_out(hosts)
    assert port.called("stop") == (set() if error else {"old"})
    assert error or port.calls[-1] == ("stop", "old")


@given(FLEETS)
def test_the_text_names_every_culprit_with_its_reason_and_the_next_command(hosts):
    port, error, _ = carried_out(hosts)
    if error:
        phase = "begin" if any(host["begin"] != "healthy" for host in hosts) else "confirm"
        culprits = [name for name, host in port.hosts.items() if host[phase] not in ("healthy", "confirmed")]
        for name in culprits:
            assert f"{name} on host-{name} with 1.1-y: reason of {name}" in error
        assert error.endswith(f"; next: threader logs {culprits[0]}")


@given(FLEETS)
def test_it_says_that_all_are_back_exactly_when_every_host_has_said_so(hosts):
    port, error, _ = carried_out(hosts)
    if error:
        phase = "begin" if any(host["begin"] != "healthy" for host in hosts) else "confirm"
        well = {"healthy": ("undo", ("reverted",)), "confirmed": ("revert", ("confirmed", "stopped"))}
        back = True
        for host in port.hosts.values():
            if host[phase] in well:
                verb, good = well[host[phase]]
                back &= host[verb] in good
            else:
                back &= host[phase] in ("failed", "reverted", "busy")
        assert ("are back on what they ran before" in error) == back
        assert ("degraded" in error) != back


@pytest.mark.parametrize(
    ("hosts", "text"),
    [
        (
            [WELL, {**WELL, "begin": "failed"}],
            "rollout failed: ix on host-ix with 1.1-y: reason of ix; "
            "all 2 instances of the rollout are back on what they ran before; next: threader logs ix",
        ),
        (
            [{**WELL, "undo": "unreachable"}, {**WELL, "begin": "failed"}],
            "rollout failed: ix on host-ix with 1.1-y: reason of ix; "
            "degraded: no word yet from i on host-i (reason of i), which goes back by itself; next: threader logs ix",
        ),
        (
            [{**WELL, "revert": "failed"}, {**WELL, "confirm": "reverted"}],
            "rollout failed: ix on host-ix with 1.1-y: reason of ix; "
            "degraded: i on host-i could not go back (reason of i); next: threader logs ix",
        ),
    ],
)
def test_a_failure_is_told_word_for_word(hosts, text):
    assert carried_out(hosts)[1] == text


def test_a_plan_without_activations_only_stops():
    port, error, told = carried_out([])
    assert (port.calls, error, told) == ([("stop", "old")], None, ["stopping old on h9"])


def test_nothing_to_do_says_nothing():
    assert carried_out([], stops=())[1:] == (None, [])


def test_every_activation_has_begun_before_the_first_has_answered():
    """All at once: a fleet takes as long as its slowest host, not as the sum of them."""
    begun, everybody = [], asyncio.Event()

    class Waiting(FakePort):
        async def begin(self, step):
            begun.append(step.instance)
            if len(begun) == 3:
                everybody.set()
            await everybody.wait()
            return Answer("healthy")

    steps = tuple(Step(Kind.ACTIVATE, name, "h", "nothing", "1.1-y") for name in "abc")
    asyncio.run(execute(Plan(steps), Waiting(dict.fromkeys("abc", WELL)), lambda text: None))
    assert begun == ["a", "b", "c"]
