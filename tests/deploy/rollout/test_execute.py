"""A rollout succeeds whole, or every instance goes back: for whatever answers the hosts give, in whatever order."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.rollout.back import Superseded
from deploy.rollout.execute import RolloutFailed, execute
from deploy.rollout.plan import Batch, Kind, Plan
from deploy.rollout.port import Answer
from deploy.rollout.run import Pace, Run
from tests.deploy.rollout.fakes import FakePort, plan, step
from tests.simulation.process import run

BEGUN = st.sampled_from(("healthy",) * 6 + ("failed", "failing", "busy", "unreachable", "lost", "reverted"))
CONFIRMED = st.sampled_from(("confirmed",) * 6 + ("reverted", "unreachable", "lost", "failed"))
UNDONE = st.sampled_from(("reverted", "reverted", "unreachable", "failed", "confirmed"))
REVERTED = st.sampled_from(("confirmed", "confirmed", "failed", "unreachable", "busy"))
ADMITTED = st.sampled_from(("ready",) * 8 + ("unreachable",))
DRAINED = st.sampled_from(("drained",) * 8 + ("unreachable",))
HOST = st.fixed_dictionaries(
    {"drain": DRAINED, "begin": BEGUN, "confirm": CONFIRMED, "undo": UNDONE, "revert": REVERTED, "admit": ADMITTED}
)
FLEETS = st.lists(st.lists(HOST, min_size=1, max_size=3), min_size=1, max_size=3)


def carried_out(plan, port, pace=Pace(), cancel_after=None):
    """The text of the error or None, and what was told."""
    told = []

    async def carried():
        made = Run(plan, port, told.append, pace)
        if cancel_after is not None:
            asyncio.get_running_loop().call_later(cancel_after, made.cancelled.set)
        try:
            await execute(made)
        except (RolloutFailed, Superseded) as error:
            return error
        return None

    return run(carried()), told


def of_fleet(batches):
    """A plan for batches of hosts, and their port."""
    names = {
        f"i{'x' * number}{place}": host for number, batch in enumerate(batches) for place, host in enumerate(batch)
    }
    texts = (
        " ".join(f"i{'x' * number}{place}" for place, _ in enumerate(batch)) for number, batch in enumerate(batches)
    )
    return plan(*texts), FakePort(names)


def went_well(host):
    return all(host[verb] == state for verb, state in [("drain", "drained"), ("begin", "healthy"), ("admit", "ready")])


@given(FLEETS)
def test_it_succeeds_exactly_when_every_instance_goes_through_well(batches):
    error, _ = carried_out(*of_fleet(batches))
    well = all(went_well(host) and host["confirm"] == "confirmed" for batch in batches for host in batch)
    assert (error is None) == well


@given(FLEETS)
def test_nothing_is_confirmed_before_all_of_its_batch_are_healthy(batches):
    made, port = of_fleet(batches)
    carried_out(made, port)
    for batch, hosts in zip(made.batches, batches, strict=True):
        names = {each.instance for each in batch.steps}
        if any(host["begin"] != "healthy" for host in hosts):
            assert not names & set(port.called("confirm"))


@given(FLEETS)
def test_nothing_begins_before_all_of_its_batch_are_drained_and_the_batch_before_is_admitted(batches):
    made, port = of_fleet(batches)
    carried_out(made, port)
    for before, batch in zip(made.batches, made.batches[1:], strict=False):
        begun = [place for place, call in enumerate(port.calls) if call in {("begin", s.instance) for s in batch.steps}]
        needed = {("drain", s.instance) for s in batch.steps} | {("admit", s.instance) for s in before.steps}
        if begun:
            assert needed <= set(port.calls[: min(begun)])


@given(FLEETS)
def test_what_was_drained_is_admitted_whatever_happens(batches):
    made, port = of_fleet(batches)
    carried_out(made, port)
    last = {}
    for call in port.calls:
        if call[0] in ("drain", "admit"):
            last[call[1]] = call[0]
    assert set(last.values()) <= {"admit"}


@given(FLEETS)
def test_after_a_failure_all_that_was_confirmed_is_reverted_once_and_nothing_else_goes_on(batches):
    made, port = of_fleet(batches)
    error, _ = carried_out(made, port)
    if error:
        confirmed = {name for name in port.called("confirm") if port.answers[name]["confirm"] == "confirmed"}
        late = {name for name in port.called("undo") if port.answers[name]["undo"] == "confirmed"}
        assert sorted(port.called("revert")) == sorted(confirmed | late)
        begun = set(port.called("begin"))
        for batch in made.batches:
            names = {each.instance for each in batch.steps}
            assert not names & begun or names <= begun


@given(FLEETS)
def test_the_way_back_goes_by_batches_in_reverse(batches):
    made, port = of_fleet([[{**host, "confirm": "confirmed"} for host in batch] for batch in batches])
    carried_out(made, port)
    place = {each.instance: number for number, batch in enumerate(made.batches) for each in batch.steps}
    back = [place[name] for name in port.called("revert")]
    assert back == sorted(back, reverse=True)


@given(FLEETS)
def test_it_says_that_all_are_back_exactly_when_every_host_has_said_so(batches):
    made, port = of_fleet(batches)
    error, _ = carried_out(made, port)
    if error:
        back = all(port.answers[name]["revert"] == "confirmed" for name in port.called("revert"))
        back &= all(port.answers[name]["undo"] != "unreachable" for name in port.called("undo"))
        assert ("are back on what they ran before" in str(error)) == back
        assert ("degraded" in str(error)) != back


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        (
            {"b": {"begin": "failed"}},
            "rollout failed: b on host-b with 1.1-y: reason of b; "
            "all 2 instances of the rollout are back on what they ran before; next: threader logs b",
        ),
        (
            {"a": {"undo": "unreachable"}, "b": {"begin": "failed"}},
            "rollout failed: b on host-b with 1.1-y: reason of b; "
            "degraded: a on host-a goes back by itself: no word from it yet (reason of a); next: threader logs b",
        ),
        (
            {"a": {"revert": "failed"}, "b": {"confirm": "reverted"}},
            "rollout failed: b on host-b with 1.1-y: reason of b; "
            "degraded: a on host-a could not go back (reason of a); next: threader logs b",
        ),
        (
            {"a": {"begin": "failed"}, "b": {"begin": "lost"}},
            "rollout failed: a on host-a with 1.1-y: reason of a; b on host-b with 1.1-y: reason of b; "
            "all 2 instances of the rollout are back on what they ran before; next: threader logs a",
        ),
        (
            {"a": {"drain": "unreachable"}},
            "rollout failed: a on host-a with 1.1-y: reason of a; "
            "all 2 instances of the rollout are back on what they ran before; next: threader logs a",
        ),
        (
            {"b": {"admit": "unreachable"}},
            "rollout failed: reason of b; "
            "all 2 instances of the rollout are back on what they ran before; next: threader status",
        ),
    ],
)
def test_a_failure_is_told_word_for_word(answers, text):
    assert str(carried_out(plan("a b"), FakePort(answers))[0]) == text


def test_batches_go_one_after_the_other_and_each_is_told():
    port = FakePort()
    error, told = carried_out(plan("a", "b", "Z"), port)
    assert error is None
    assert port.words() == [f"{verb} {name}" for name in "abZ" for verb in ("drain", "begin", "confirm", "admit")] + [
        "retire Z"
    ]
    assert told == ["1 of 3: activate a", "2 of 3: activate b", "3 of 3: stop Z"]


def moves(*names):
    """A plan in which each instance moves to another port, one after the other."""
    return Plan(tuple(Batch((replace(step(name), port=9002),)) for name in names))


def test_what_moves_is_reached_before_it_is_confirmed():
    port = FakePort()
    carried_out(moves("a"), port)
    assert port.words("begin", "reach", "confirm", "admit") == ["begin a", "reach a", "confirm a", "admit a"]


def test_what_can_not_be_reached_is_not_confirmed():
    port = FakePort({"a": {"reach": "unreachable"}})
    error, _ = carried_out(moves("a"), port)
    assert "rollout failed: reason of a" in str(error)
    assert port.words() == ["drain a", "begin a", "undo a", "admit a back"]


def test_places_that_were_left_are_retired_when_all_is_well_and_not_before():
    port = FakePort()
    assert carried_out(moves("a", "b"), port)[0] is None
    assert port.words()[-2:] == ["retire a", "retire b"]
    assert len(port.called("retire")) == 2


def test_places_that_are_gone_back_to_are_not_retired():
    port = FakePort({"b": {"begin": "failed"}})
    carried_out(moves("a", "b"), port)
    assert port.called("retire") == []


def test_an_edge_that_can_not_retire_a_place_is_told_and_is_no_failure():
    error, told = carried_out(moves("a"), FakePort({"a": {"retire": "unreachable"}}))
    assert error is None
    assert told[-1] == "reason of a: it keeps a server that nothing answers at"


def test_nothing_to_do_says_nothing():
    assert carried_out(Plan(()), FakePort()) == (None, [])


def test_what_is_only_to_be_admitted_is_not_switched():
    port = FakePort()
    only = Plan((Batch((step("a", Kind.ADMIT), step("b"))),))
    assert carried_out(only, port)[0] is None
    assert port.words() == ["drain b", "begin b", "confirm b", "admit a", "admit b"]


def test_what_is_only_to_be_admitted_does_not_go_back():
    port = FakePort({"b": {"begin": "failed"}})
    carried_out(Plan((Batch((step("a", Kind.ADMIT),)), Batch((step("b"),)))), port)
    assert port.words() == ["admit a", "drain b", "begin b", "admit b back"]


def test_a_cancelled_rollout_that_would_only_admit_does_not_say_that_it_is_done():
    class SlowToSurvey(FakePort):
        async def survey(self, instances):
            await asyncio.sleep(2)
            return await super().survey(instances)

    port = SlowToSurvey()
    error, _ = carried_out(Plan(tuple(Batch((step(name, Kind.ADMIT),)) for name in "ab")), port, cancel_after=1)
    assert "cancelled" in str(error)
    assert port.words() == []


def test_every_activation_of_a_batch_has_begun_before_the_first_has_answered():
    """All at once: a batch takes as long as its slowest host, not as the sum of them."""
    begun, everybody = [], asyncio.Event()

    class Waiting(FakePort):
        async def begin(self, step):
            begun.append(step.instance)
            if len(begun) == 3:
                everybody.set()
            await everybody.wait()
            return Answer("healthy")

    assert carried_out(plan("a b c"), Waiting())[0] is None
    assert begun == ["a", "b", "c"]


# --- between batches


def slow(seconds):
    """Hosts of which every begin takes so long."""

    class Slow(FakePort):
        async def begin(self, step):
            await asyncio.sleep(seconds)
            return await super().begin(step)

    return Slow()


def took(*words):
    async def timed():
        await execute(Run(*words))
        return asyncio.get_running_loop().time()

    return run(timed())


def test_it_waits_between_batches_and_not_after_the_last():
    assert took(plan("a", "b", "c"), FakePort(), lambda text: None, Pace(wait=20)) == 40


def test_a_step_that_takes_longer_than_the_progress_deadline_is_ordered_back():
    port = slow(100)
    error, _ = carried_out(plan("a"), port, Pace(progress_deadline=60))
    assert "no progress for 60 s" in str(error)
    assert port.words() == ["drain a", "undo a", "admit a back"]


def test_what_was_updated_and_fell_ill_takes_the_fleet_back_and_is_rejected():
    port = FakePort(surveys=[{}, *[{"a": "HTTP 500"}] * 9])
    error, _ = carried_out(plan("a", "b"), port)
    assert "a on host-a with 1.1-y: HTTP 500" in str(error)
    assert port.words("revert", "begin") == ["begin a", "revert a reject"]


def test_also_after_the_last_batch():
    port = FakePort(surveys=[{}, {}, {}, *[{"b": "HTTP 500"}] * 9])
    error, _ = carried_out(plan("a", "b"), port)
    assert "b on host-b with 1.1-y: HTTP 500" in str(error)
    assert port.words("revert") == ["revert b reject", "revert a"]


def test_one_bad_look_is_no_failure():
    port = FakePort(surveys=[{}, {"a": "slow"}, {"a": "slow"}, {}])
    assert carried_out(plan("a", "b"), port)[0] is None


def test_while_others_are_down_the_next_batch_waits_and_says_for_whom():
    port = FakePort(surveys=[{}, {}, {"c": "HTTP 503"}, {}, {"c": "HTTP 503"}, {}])
    error, told = carried_out(plan("a", "b", "c"), port, Pace(max_unavailable=1))
    assert error is None
    assert told[1:4] == ["waiting for c (HTTP 503)", "waiting for c (HTTP 503)", "2 of 3: activate b"]


def test_it_waits_no_longer_than_the_progress_deadline():
    port = FakePort(surveys=[{}, *[{"c": "HTTP 503"}] * 400])
    error, _ = carried_out(plan("a", "b", "c"), port, Pace(1, progress_deadline=50))
    assert "no progress for 50 s: waited for c (HTTP 503)" in str(error)
    assert port.words("begin", "revert") == ["begin a", "revert a"]


def test_what_was_down_before_holds_nothing_up():
    port = FakePort(surveys=[{"c": "HTTP 503"}, {}, {"c": "HTTP 503"}, {}])
    assert carried_out(plan("a", "b", "c"), port, Pace(1))[0] is None


def test_what_takes_nothing_away_waits_for_nobody():
    first, second = step("a"), step("n", before="nothing")
    port = FakePort(surveys=[{}, {}, {"c": "HTTP 503"}, {}])
    made = Plan((Batch((first,)), Batch((second,))), {"a": "h", "n": "h", "c": "h"})
    assert carried_out(made, port, Pace(1))[0] is None


# --- cancelled, superseded


@pytest.mark.parametrize("when", [1, 25, 45, 65])
def test_cancelled_it_goes_back_and_begins_nothing_more(when):
    port = slow(20)
    error, _ = carried_out(plan("a", "b", "c"), port, Pace(wait=20), cancel_after=when)
    assert "cancelled" in str(error)
    begun, back = set(port.called("begin")), set(port.called("undo")) | set(port.called("revert"))
    assert begun == back == set("abc"[: 1 + when // 40])


def test_cancelled_it_tells_edges_nothing_of_what_it_has_not_begun():
    port = slow(20)
    carried_out(moves("a", "b"), port, Pace(wait=20), cancel_after=25)
    assert "b" not in {call[1] for call in port.calls if call[0] != "survey"}


def test_superseded_it_does_nothing_more_but_to_order_back_what_it_did_not_confirm():
    port = FakePort({"c": {"begin": "superseded"}})
    error, _ = carried_out(plan("a", "b c"), port)
    assert isinstance(error, Superseded)
    assert str(error).endswith("reason of c; this deploy did nothing more; next: threader status")
    assert port.words("undo", "revert") == ["undo b", "undo c"]


def test_superseded_it_admits_what_it_drained():
    port = FakePort({"c": {"begin": "superseded"}})
    carried_out(plan("a", "b c"), port)
    assert port.words("admit") == ["admit a", "admit b back", "admit c back"]


def test_superseded_it_leaves_alone_at_the_edges_what_moves_since_the_other_may_have_it_there():
    port = FakePort({"a": {"begin": "superseded"}})
    carried_out(Plan((Batch((replace(step("a"), port=9002),)),)), port)
    assert port.words() == ["drain a", "begin a", "undo a"]


def test_superseded_before_it_drains_it_tells_edges_nothing():
    port = FakePort({"b": {"hold": "superseded"}})
    error, _ = carried_out(plan("a", "b"), port)
    assert isinstance(error, Superseded)
    assert port.words()[-1] == "admit a"


def test_superseded_in_the_end_it_retires_nothing():
    class Late(FakePort):
        async def admit(self, step, *, back, sure=True):
            self.answers["a"] = {"hold": "superseded"}
            return await super().admit(step, back=back, sure=sure)

    port = Late()
    error, _ = carried_out(moves("a"), port)
    assert isinstance(error, Superseded)
    assert port.words()[-1] == "admit a"


def test_where_a_host_does_not_say_whether_the_lease_holds_nothing_is_drained():
    port = FakePort({"b": {"hold": "unreachable"}})
    error, _ = carried_out(plan("a", "b c"), port)
    assert "rollout failed: b on host-b with 1.1-y: reason of b" in str(error)
    assert "drain b" not in port.words()
    assert "drain c" not in port.words()


def test_superseded_on_the_way_back_it_undoes_and_tells_edges_nothing_more():
    class Late(FakePort):
        async def begin(self, step):
            self.answers["c"]["hold"] = "superseded"
            return await super().begin(step)

    port = Late({"c": {"begin": "failed"}})
    error, _ = carried_out(plan("a", "b c"), port)
    assert isinstance(error, Superseded)
