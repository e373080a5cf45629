"""The Rollout resource on hosts that are only objects: one transaction, of which the state tells the truth."""

import asyncio
import json

import pytest

from deploy.manifest.items import Manifest
from deploy.provider.resources.base import Context
from deploy.provider.resources.rollout import RolloutResource, Unreachable
from deploy.rollout.execute import RolloutFailed
from tests.deploy.provider.fakes import FakeEngine, FakeFleet, fault, rollout_inputs, running_instance, snapshot_of

PLACES = {"a": "h1", "b": "h2"}
OLD = rollout_inputs({"a": "1.0-x", "b": "1.0-x"}, PLACES)
NEW = rollout_inputs({"a": "1.1-y", "b": "1.1-y"}, PLACES)


def on(**instances):
    return snapshot_of(Manifest(), {name: running_instance(each) for name, each in instances.items()})


def resource(**hosts):
    found = {"h1": on(a="1.0-x"), "h2": on(b="1.0-x"), **hosts}
    return RolloutResource(Context(FakeFleet(**found), FakeEngine()))


def read(made, old=OLD):
    return asyncio.run(made.read("urn", old))


def update(made, old=OLD, new=NEW):
    return asyncio.run(made.update("urn", old, new))


def switches(made):
    """What was asked of the helpers about single instances, with the hosts."""
    return [call[1:] for call in made.context.fleet.did("activate") if call[2] in ("begin", "confirm", "undo")]


def verbs(made):
    return [call[1:3] for call in switches(made)]


def test_what_runs_as_wanted_shows_nothing():
    made = resource()
    assert made.diff(read(made), OLD) == {}


def test_an_instance_that_was_stopped_by_hand_shows_and_is_started_again():
    made = resource(h1=snapshot_of(Manifest(), {"a": running_instance("1.0-x", state="inactive")}))
    old = read(made)
    assert made.diff(old, OLD) == {'instances["a"]': "update"}
    outputs = update(made, old, OLD)
    assert verbs(made) == [("begin", "a"), ("confirm", "a")]
    assert outputs["plan"] == ["1. activate a on h1: again 1.0-x, found as 1.0-x (inactive)"]


def test_all_are_switched_and_then_all_are_confirmed():
    made = resource()
    update(made)
    assert verbs(made) == [("begin", "a"), ("begin", "b"), ("confirm", "a"), ("confirm", "b")]
    assert made.diff(read(made, NEW), NEW) == {}


def test_every_write_is_done_under_the_lease_that_all_hosts_granted():
    made = resource()
    update(made)
    asked = made.context.fleet.did("activate")
    leases = [(call[1], call[3]) for call in asked if call[2] == "lease"]
    assert [host for host, _ in leases][:2] == ["h1", "h2"]
    tokens = {call[4] if call[1] == "begin" else call[3] for call in switches(made)}
    assert tokens == {token for _, token in leases}
    assert [call[2] for call in asked][-2:] == ["release", "release"]


def test_every_host_notes_that_a_rollout_begins_and_how_it_ended():
    made = resource()
    made.context.fleet.answers["b"] = {"begin": "failed"}
    with pytest.raises(RolloutFailed):
        update(made)
    notes = [(call[1], json.loads(call[3])) for call in made.context.fleet.did("activate") if call[2] == "note"]
    assert [(host, note["verdict"]) for host, note in notes] == [
        ("h1", "begun"),
        ("h2", "begun"),
        ("h1", "failed"),
        ("h2", "failed"),
    ]
    assert notes[0][1]["before"] == {"a": "1.0-x", "b": "1.0-x"}
    assert notes[0][1]["hosts"]["h1"] == {"address": "addr-h1", "user": "root", "port": 22.0}


def test_going_back_from_what_was_confirmed_is_a_switch_of_its_own():
    made = resource()
    made.context.fleet.answers["b"] = {"begin": "healthy", "confirm": "reverted"}
    with pytest.raises(RolloutFailed):
        update(made)
    calls = [call[1:] for call in switches(made) if call[2] == "a"]
    assert [(call[0], call[2], call[-1]) for call in calls if call[0] == "begin"] == [
        ("begin", "1.1-y", "deploy"),
        ("begin", "1.0-x", "undo"),
    ]
    assert calls[3][:2] == ("confirm", "a")


def test_an_instance_that_ran_nothing_before_is_stopped_when_it_has_to_go_back():
    made = resource(h1=on())
    made.context.fleet.answers["b"] = {"begin": "healthy", "confirm": "reverted"}
    with pytest.raises(RolloutFailed, match="are back on what they ran before"):
        update(made, old=None)
    assert [call[1:4] for call in switches(made)][-2] == ("begin", "a", "-")


def test_one_failure_undoes_all_and_names_the_culprit():
    made = resource()
    made.context.fleet.answers["b"] = {"begin": "failed"}
    with pytest.raises(RolloutFailed, match=r"b on h2 with 1\.1-y: reason of b; all 2 instances"):
        update(made)
    assert verbs(made) == [("begin", "a"), ("begin", "b"), ("undo", "a")]
    assert not made.busy


def test_creating_adopts_what_runs_already():
    made = resource()
    name, outputs = asyncio.run(made.create("urn", OLD))
    assert (name, outputs["plan"], verbs(made)) == ("rollout", [], [])


def test_a_move_activates_there_and_stops_here():
    made = resource(h3=on())
    update(made, OLD, rollout_inputs({"a": "1.0-x", "b": "1.0-x"}, {"a": "h3", "b": "h2"}))
    assert [(call[0], call[1], call[3]) for call in switches(made) if call[1] == "begin"] == [
        ("h3", "begin", "1.0-x"),
        ("h1", "begin", "-"),
    ]


def test_deleting_touches_no_host():
    made = resource(h1=fault("h1"))
    asyncio.run(made.delete("urn", OLD))
    assert made.context.fleet.calls == []


def test_a_preview_tells_the_plan_and_contacts_nobody():
    made = resource(h1=fault("h1"))
    asyncio.run(made.preview("urn", OLD, NEW))
    assert made.context.fleet.calls == []
    (note,) = made.context.engine.texts("note")
    assert note.splitlines() == [
        "rollout, all-at-once:",
        "1. side by side:",
        "   activate a on h1: 1.0-x -> 1.1-y",
        "   activate b on h2: 1.0-x -> 1.1-y",
    ]


def test_a_preview_of_nothing_to_do_tells_nothing():
    made = resource()
    asyncio.run(made.preview("urn", OLD, OLD))
    assert made.context.engine.told == []


def test_the_preview_says_what_the_update_does():
    made = resource(h2=snapshot_of(Manifest(), {"b": running_instance("1.1-y", state="failed")}))
    old = read(made)
    asyncio.run(made.preview("urn", old, NEW))
    told = made.context.engine.texts("note")[0].splitlines()[1:]
    assert update(made, old, NEW)["plan"] == told


def test_an_earlier_switch_is_waited_for_also_where_an_instance_moves_from():
    class Ending(FakeFleet):
        async def fresh(self, connection):
            found = await super().fresh(connection)
            if self.did("fresh").count(("fresh", "h1")) > 1:
                self.hosts["h1"]["instances"]["a"]["pending"] = False
            return found

    pending = snapshot_of(Manifest(), {"a": running_instance("1.0-x", pending=True)})
    made = RolloutResource(Context(Ending(h1=pending, h2=on(b="1.0-x"), h3=on()), FakeEngine()))
    update(made, OLD, rollout_inputs({"a": "1.0-x", "b": "1.0-x"}, {"a": "h3", "b": "h2"}))
    assert "waiting for an earlier switch of a to end" in made.context.engine.texts("progress")


# --- a host that does not answer


def test_a_host_that_does_not_answer_does_not_fail_the_reading():
    made = resource(h1=fault("h1"))
    found = read(made)
    assert found["instances"] == {"a": "1.0-x (unverified: connection refused)", "b": "1.0-x"}
    assert made.diff(found, OLD) == {'instances["a"]': "update"}


def test_what_is_unverified_does_not_pile_up_from_reading_to_reading():
    made = resource(h1=fault("h1"))
    assert read(made, read(made)) == read(made)


def test_nothing_anywhere_is_activated_when_a_host_does_not_answer():
    made = resource(h1=fault("h1"))
    with pytest.raises(Unreachable, match=r"nothing was activated: host h1 .*rollout.unreachable skip"):
        update(made)
    assert verbs(made) == []


def test_where_the_settings_allow_it_the_others_go_on_and_the_next_preview_says_what_is_missing():
    made, new = resource(h1=fault("h1")), rollout_inputs({"a": "1.1-y", "b": "1.1-y"}, PLACES, unreachable="skip")
    outputs = update(made, OLD, new)
    assert verbs(made) == [("begin", "b"), ("confirm", "b")]
    assert "unverified" in made.diff(outputs, new)
    assert "skipped until it answers again" in made.context.engine.texts("warn")[0]


def test_an_instance_that_leaves_a_dead_host_holds_up_nobody():
    made = resource(h1=fault("h1"))
    outputs = update(made, OLD, rollout_inputs({"b": "1.1-y"}, {"b": "h2"}))
    assert verbs(made) == [("begin", "b"), ("confirm", "b")]
    assert outputs["plan"] == ["1. activate b on h2: 1.0-x -> 1.1-y"]


def test_what_is_wrong_on_a_host_that_answers_is_never_skipped():
    made = resource(h1=fault("h1", "no systemd"))
    with pytest.raises(Exception, match="no systemd"):
        update(made, OLD, rollout_inputs({"a": "1.1-y"}, {"a": "h1"}, unreachable="skip"))


def test_a_lost_host_is_never_contacted():
    made = resource(h1=fault("h1"))
    old, new = (rollout_inputs(each["instances"], PLACES, lost=("h1",)) for each in (OLD, NEW))
    assert read(made, old)["instances"]["a"] == "1.0-x"
    update(made, old, new)
    assert {call[1] for call in made.context.fleet.calls} == {"h2"}


def test_a_host_that_somebody_names_as_lost_is_not_read(monkeypatch):
    monkeypatch.setenv("THREADER_LOST", "h1")
    made = resource(h1=fault("h1"))
    read(made)
    assert {call[1] for call in made.context.fleet.calls} == {"h2"}


def test_cancelling_undoes_what_is_under_way_and_only_then():
    async def cancelled():
        task = asyncio.ensure_future(made.update("urn", OLD, NEW))
        while not any(verb == "begin" for verb, _ in verbs(made)):
            await asyncio.sleep(0)
        await made.cancel()
        task.cancel()

    made = resource()
    asyncio.run(made.cancel())
    assert made.context.fleet.calls == []
    asyncio.run(cancelled())
    assert {("undo", "a"), ("undo", "b")} <= set(verbs(made))
