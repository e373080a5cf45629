"""The Instance resource on hosts that are only objects: generations are staged, secrets are never shown."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.faults import HostFault
from deploy.manifest.health import removal
from deploy.manifest.instance import instance_manifest
from deploy.manifest.items import Manifest
from deploy.provider.fleet import LostHost
from deploy.provider.resources import instance as module
from deploy.provider.resources.base import Context
from deploy.provider.resources.instance import InstanceResource
from deploy.provider.values import Secret, plain, properties
from deploy.rollout.plan import Target
from deploy.rollout.story import told
from tests.deploy.provider.fakes import (
    DIGEST,
    SETTINGS,
    FakeEngine,
    FakeFleet,
    fault,
    instance_inputs,
    running_instance,
    snapshot_of,
)
from tests.deploy.rollout.test_stages import PLAN
from tests.deploy.rollout.test_story import STORY

ENV = {"BIND_PORT": "9009", "SLACK_BOT_TOKEN": Secret("xoxb-secret")}
TYPED = "xoxb-typed-by-hand"


@pytest.fixture(autouse=True)
def artifact(monkeypatch):
    """The release lies on this machine."""
    monkeypatch.setattr(module, "local", lambda artifact, sha256, root: Path("/local") / artifact)


def well(env=ENV, **changes):
    return snapshot_of(instance_manifest("py-a"), {"py-a": running_instance(env=env, **changes)})


def edited(**files):
    """A host on which files of the generation were edited; None removes one."""
    found = well()
    staged = found["instances"]["py-a"]["generations"]["1.0-a"]
    staged["files"] = {name: text for name, text in {**staged["files"], **files}.items() if text is not None}
    staged["damaged"] = sorted(files)
    return found


def resource(found):
    return InstanceResource(Context(FakeFleet(h1=found), FakeEngine()))


def read(made, old=None):
    return asyncio.run(made.read("urn", old or instance_inputs(ENV)))


def update(made, old=None, new=None):
    return asyncio.run(made.update("urn", old or instance_inputs(ENV), new or instance_inputs(ENV)))


def shown(values):
    """All that a property map shows to everybody."""

    def walk(value):
        if value.is_secret:
            return ""
        if isinstance(value.value, str):
            return value.value
        inner = (
            value.value.values()
            if hasattr(value.value, "values")
            else value.value
            if isinstance(value.value, tuple)
            else ()
        )
        return " ".join(walk(each) for each in inner)

    return " ".join(walk(value) for value in properties(values).values())


def test_an_instance_as_wanted_shows_nothing_also_over_the_wire():
    made, sent = resource(well()), plain(properties(instance_inputs(ENV)))
    assert made.diff(plain(properties(read(made, sent))), sent) == {}


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"env": 'BIND_PORT="1"\nSLACK_BOT_TOKEN="xoxb-secret"\n'}, {'env["BIND_PORT"]': "update"}),
        ({"env": f'BIND_PORT="9009"\nSLACK_BOT_TOKEN="{TYPED}"\n'}, {'env["SLACK_BOT_TOKEN"]': "update"}),
        ({"env": None}, {'env["BIND_PORT"]': "add", 'env["SLACK_BOT_TOKEN"]': "add"}),
        ({"settings.json": "{1}"}, {'settings["settings.json"]': "update"}),
        ({"notes": "by hand"}, {'settings["notes"]': "delete"}),
        ({"release/run": "x"}, {"release": "update"}),
    ],
)
def test_drift_shows_line_by_line_and_is_staged_anew(files, lines):
    small = {name: text for name, text in files.items() if "/" not in name}
    found = edited(**small)
    found["instances"]["py-a"]["generations"]["1.0-a"]["damaged"] = sorted(files)
    made = resource(found)
    old = read(made)
    assert made.diff(old, instance_inputs(ENV)) == lines
    update(made, old)
    assert len(made.context.fleet.did("stage")) == 1


def test_an_edit_of_the_release_is_named():
    found = well()
    found["instances"]["py-a"]["generations"]["1.0-a"]["damaged"] = ["release/run"]
    assert read(resource(found))["release"] == f"{DIGEST}, edited by hand: release/run"


def test_other_rights_of_the_env_file_show():
    found = well()
    found["instances"]["py-a"]["generations"]["1.0-a"]["access"]["env"] = "root:root 0644"
    made = resource(found)
    assert made.diff(read(made), instance_inputs(ENV)) == {'rights["env"]': "update"}


@pytest.mark.parametrize(
    "files",
    [
        {"env": f'BIND_PORT="9009"\nSLACK_BOT_TOKEN="{TYPED}"\n'},
        {"env": f'BIND_PORT="9009"\nSLACK_BOT_TOKEN="xoxb-secret"\nREDIS_URL="redis://:{TYPED}@h"\n'},
        {"env": f"# {TYPED}\n"},
        {"env": f'SLACK_BOT_TOKEN="{TYPED}\n'},
        {"env~": f'SLACK_BOT_TOKEN="{TYPED}"\n'},
    ],
)
def test_a_secret_that_was_typed_on_the_host_is_never_shown(files):
    found = read(resource(edited(**files)))
    assert TYPED not in shown(found)
    assert "xoxb-secret" not in shown(found)
    assert any(TYPED in value for value in (*found["env"].values(), *found["settings"].values())), "drift is found"


def test_what_is_public_is_shown():
    assert "9009" in shown(read(resource(well())))


def test_a_generation_that_is_gone_is_staged_again():
    made = resource(snapshot_of(instance_manifest("py-a")))
    old = read(made)
    assert old["generation"] is None
    assert "generation" in made.diff(old, instance_inputs(ENV))
    update(made, old)
    assert len(made.context.fleet.did("stage")) == 1


def test_what_is_staged_as_wanted_is_not_staged_again():
    made = resource(well())
    update(made)
    assert made.context.fleet.did("stage", "forget", "run", "activate") == []


def test_a_new_generation_is_staged_with_all_that_it_needs():
    made = resource(well())
    update(made, new=instance_inputs(ENV, generation="1.1-b"))
    ((_, _, request, artifact),) = made.context.fleet.did("stage")
    assert artifact == "/local/dist/x.tar.gz"
    assert request == {
        "instance": "py-a",
        "generation": "1.1-b",
        "artifact": f"/var/cache/alert-threader/{DIGEST}.tar.gz",
        "sha256": DIGEST,
        "files": {
            "env": ['BIND_PORT="9009"\nSLACK_BOT_TOKEN="xoxb-secret"\n', "0600"],
            **{name: [text, "0644"] for name, text in SETTINGS.items()},
        },
        "keep": 5,
        "repair": True,
    }
    assert isinstance(request["keep"], int)


def test_a_release_that_the_host_has_is_not_sent_again():
    made = resource({**well(), "artifacts": [f"/var/cache/alert-threader/{DIGEST}.tar.gz"]})
    update(made, new=instance_inputs(ENV, generation="1.1-b"))
    assert made.context.fleet.did("stage")[0][3] is None


def test_staging_never_activates():
    made = resource(snapshot_of(Manifest()))
    asyncio.run(made.create("urn", instance_inputs(ENV)))
    assert {call[0] for call in made.context.fleet.calls} == {"fresh", "apply", "stage"}


def test_no_secret_is_told_while_it_works():
    made = resource(snapshot_of(Manifest()))
    asyncio.run(made.create("urn", instance_inputs(ENV)))
    assert "xoxb" not in str(made.context.engine.told)


def test_on_another_host_it_is_another_resource():
    made = resource(well())
    found = made.diff(instance_inputs(ENV), instance_inputs(ENV, host="h2"))
    assert set(found) & made.replaces == {"host"}


def test_a_preview_contacts_nobody():
    made = resource(fault("h1"))
    asyncio.run(made.preview("urn", instance_inputs(ENV), instance_inputs(ENV, generation="1.1-b")))
    assert made.context.fleet.calls == []


# --- a host that does not answer


def test_reading_and_changing_on_a_host_that_does_not_answer_raises_its_fault():
    for act in (read, update):
        with pytest.raises(HostFault, match="connection refused"):
            act(resource(fault("h1")))


def test_it_is_skipped_where_the_settings_allow_it_and_the_next_preview_says_so():
    made, new = resource(fault("h1")), instance_inputs(ENV, unreachable="skip")
    outputs = update(made, new=new)
    assert made.diff(outputs, new) == {"unverified": "delete"}


def test_on_a_lost_host_nothing_is_contacted():
    made, lost = resource(fault("h1")), instance_inputs(ENV, lost=True)
    assert read(made, lost) == lost
    update(made, new=lost)
    asyncio.run(made.delete("urn", lost))
    assert made.context.fleet.calls == []


# --- removal


@pytest.mark.parametrize(("asked", "purge"), [(None, False), ("0", False), ("1", True)])
def test_removing_stops_it_and_keeps_its_data_unless_purging_is_asked_for(monkeypatch, asked, purge):
    monkeypatch.setenv("THREADER_PURGE", asked) if asked else monkeypatch.delenv("THREADER_PURGE", raising=False)
    made = resource(well())
    asyncio.run(made.delete("urn", instance_inputs(ENV)))
    assert made.context.fleet.did("forget") == [("forget", "h1", "py-a", purge)]
    ((_, _, changes),) = made.context.fleet.did("apply")
    assert {change.name for change in changes} == set(instance_manifest("py-a").paths)


def test_what_a_held_rollout_may_go_back_to_stays_but_for_a_destroy():
    found = Target({"py-a": "1.0-a"}, {"py-a": "h1"})
    held = replace(STORY, plan=PLAN, found=found, wanted=Target({}, {}))
    made = resource({**well(), "stories": {"r7": told(held)}})
    made.context.claims.add("whatever the program wants")
    asyncio.run(made.delete("urn", instance_inputs(ENV)))
    assert made.context.fleet.did("forget", "apply") == []
    made.context.claims.clear()
    asyncio.run(made.delete("urn", instance_inputs(ENV)))
    assert len(made.context.fleet.did("forget")) == 1


def test_a_timer_that_could_not_be_removed_goes_before_its_instance():
    found = well()
    found["paths"]["/etc/alert-threader.d/py-a.health.json"] = {"file": "{}", "access": "root:root 0644"}
    made = resource(found)
    asyncio.run(made.delete("urn", instance_inputs(ENV)))
    assert made.context.fleet.did("run", "forget") == [("run", "h1", *removal("py-a")), ("forget", "h1", "py-a", False)]


def test_nothing_is_forgotten_of_a_host_that_does_not_answer(monkeypatch):
    made = resource(fault("h1"))
    with pytest.raises(LostHost, match="THREADER_LOST=h1"):
        asyncio.run(made.delete("urn", instance_inputs(ENV)))
    monkeypatch.setenv("THREADER_LOST", "h1")
    made.context.fleet.calls.clear()
    asyncio.run(made.delete("urn", instance_inputs(ENV)))
    assert made.context.fleet.calls == []


def test_what_is_wrong_on_a_host_that_answers_is_told_as_it_is():
    with pytest.raises(HostFault, match="read-only file system"):
        asyncio.run(resource(fault("h1", "Read-only file system")).delete("urn", instance_inputs(ENV)))
