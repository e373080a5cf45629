"""The Host resource on hosts that are only objects: what it reads, shows, changes and leaves alone."""

import asyncio

import pytest

from deploy.faults import HostFault
from deploy.manifest.host import host_manifest
from deploy.manifest.monitoring.access import PASSWORD, Access
from deploy.manifest.paths import ARTIFACT_DIRECTORY, HEALTH_DIRECTORY, HELPER
from deploy.provider.fleet import LostHost
from deploy.provider.resources.base import Context
from deploy.provider.resources.host import HostResource
from deploy.provider.values import Secret, plain, properties
from tests.deploy.provider.fakes import FakeEngine, FakeFleet, connection, fault, host_inputs, snapshot_of

WELL = snapshot_of(host_manifest())
BARE = snapshot_of(type(host_manifest())())


def resource(found):
    return HostResource(Context(FakeFleet(h1=found), FakeEngine()))


def drifted(**paths):
    return {**WELL, "paths": {**WELL["paths"], **paths}}


def read(host, old=None):
    return asyncio.run(host.read("urn", old or host_inputs()))


def test_a_host_as_wanted_shows_nothing():
    host = resource(WELL)
    assert host.diff(read(host), host_inputs()) == {}


def test_the_password_of_health_checks_is_secret_also_as_it_was_found():
    path = f"{HEALTH_DIRECTORY}/{PASSWORD}"
    manifest = host_manifest(access=Access(secrets={PASSWORD: "hunter2"}))
    wanted = {**host_inputs(), **manifest.sections(), "files": {**manifest.files, path: Secret("hunter2\n")}}
    found = snapshot_of(manifest)
    assert resource(found).diff(read(resource(found), wanted), wanted) == {}
    edited = {**found, "paths": {**found["paths"], path: {"file": "hunter3\n", "access": "root:root 0644"}}}
    read_again = read(resource(edited), wanted)
    assert isinstance(read_again["files"][path], Secret)
    assert {*resource(edited).diff(read_again, wanted)} == {f'files["{path}"]', f'access["{path}"]'}
    assert not isinstance(read_again["files"][HELPER], Secret)


def test_a_host_as_wanted_shows_nothing_also_after_its_inputs_went_over_the_wire():
    host, sent = resource(WELL), plain(properties(host_inputs()))
    assert host.diff(plain(properties(read(host, sent))), sent) == {}


@pytest.mark.parametrize(
    ("path", "thing", "lines"),
    [
        (HELPER, {"file": "edited", "access": "root:root 0755"}, {f'files["{HELPER}"]': "update"}),
        (
            HELPER,
            {"file": host_manifest().files[HELPER], "access": "root:root 0777"},
            {f'access["{HELPER}"]': "update"},
        ),
        (HELPER, None, {f'files["{HELPER}"]': "add", f'access["{HELPER}"]': "add"}),
        (
            HELPER,
            {"link": "/tmp/mine"},
            {f'files["{HELPER}"]': "add", f'access["{HELPER}"]': "add", f'links["{HELPER}"]': "delete"},
        ),
        (
            ARTIFACT_DIRECTORY,
            {"directory": "root:root 0777"},
            {f'directories["{ARTIFACT_DIRECTORY}"]': "update"},
        ),
    ],
)
def test_drift_shows_line_by_line_and_is_put_right(path, thing, lines):
    paths = {**WELL["paths"], path: thing}
    host = resource({**WELL, "paths": {name: each for name, each in paths.items() if each}})
    old = read(host)
    assert host.diff(old, host_inputs()) == lines
    asyncio.run(host.update("urn", old, host_inputs()))
    ((_, _, changes),) = host.context.fleet.did("apply")
    assert {f'{change.section}["{change.name}"]' for change in changes} == set(lines)


def test_drift_that_the_preview_did_not_show_is_left_for_the_next_one():
    host = resource(drifted(**{HELPER: {"file": "edited since", "access": "root:root 0755"}}))
    asyncio.run(host.update("urn", host_inputs(), host_inputs()))
    assert host.context.fleet.did("apply") == [("apply", "h1", ())]


def test_after_a_time_in_which_it_did_not_answer_all_drift_is_put_right():
    host = resource(drifted(**{HELPER: {"file": "edited since", "access": "root:root 0755"}}))
    asyncio.run(host.update("urn", {**host_inputs(), "unverified": "no answer"}, host_inputs()))
    assert len(host.context.fleet.did("apply")[0][2]) == 1


def test_what_is_no_longer_wanted_is_removed():
    host, old = resource(drifted(**{"/etc/old": {"link": "/x"}})), host_inputs()
    old["links"] = {**old["links"], "/etc/old": "/x"}
    asyncio.run(host.update("urn", old, host_inputs()))
    ((_, _, changes),) = host.context.fleet.did("apply")
    assert [(change.name, change.wanted) for change in changes] == [("/etc/old", None)]


def test_creating_adopts_what_is_right_already():
    host = resource(WELL)
    assert asyncio.run(host.create("urn", host_inputs())) == ("h1", host_inputs())
    assert host.context.fleet.did("apply") == [("apply", "h1", ())]


def test_creating_on_a_bare_host_makes_everything():
    host = resource(BARE)
    asyncio.run(host.create("urn", host_inputs()))
    ((_, _, changes),) = host.context.fleet.did("apply")
    manifest = host_manifest()
    assert {change.name for change in changes} == {*manifest.paths, *manifest.users}


def test_a_preview_contacts_nobody():
    host = resource(WELL)
    assert asyncio.run(host.preview("urn", None, host_inputs())) == host_inputs()
    assert host.context.fleet.calls == []


# --- a host that does not answer


def test_reading_and_changing_a_host_that_does_not_answer_raises_its_fault():
    for act in (lambda host: host.read("urn", host_inputs()), lambda host: host.update("urn", {}, host_inputs())):
        with pytest.raises(HostFault, match="connection refused"):
            asyncio.run(act(resource(fault("h1"))))


def test_it_is_skipped_where_the_settings_allow_it_and_the_next_preview_says_so():
    host, new = resource(fault("h1")), host_inputs(unreachable="skip")
    outputs = asyncio.run(host.update("urn", host_inputs(), new))
    assert "nothing listens on its port" in outputs["unverified"]
    assert host.context.engine.texts("warn")
    assert host.diff(outputs, new) == {"unverified": "delete"}


def test_what_is_wrong_on_a_host_that_answers_is_never_skipped():
    host = resource(fault("h1", "No space left on device"))
    with pytest.raises(HostFault, match="disk full"):
        asyncio.run(host.update("urn", host_inputs(), host_inputs(unreachable="skip")))


def test_a_lost_host_is_never_contacted():
    host, lost = resource(fault("h1")), host_inputs(lost=True)
    assert read(host, lost) == lost
    asyncio.run(host.create("urn", lost))
    asyncio.run(host.update("urn", host_inputs(), lost))
    asyncio.run(host.delete("urn", lost))
    assert host.context.fleet.calls == []
    assert all("lost" in text for text in host.context.engine.texts("warn"))


# --- removal


def test_removing_removes_all_that_is_ours_and_nothing_else():
    host = resource(drifted(**{"/etc/passwd": {"file": "x", "access": "root:root 0644"}}))
    asyncio.run(host.delete("urn", host_inputs()))
    ((_, _, changes),) = host.context.fleet.did("apply")
    manifest = host_manifest()
    assert {change.name for change in changes} == {*manifest.paths, *manifest.users}
    assert all(change.wanted is None for change in changes)


def test_nothing_is_forgotten_of_a_host_that_does_not_answer():
    with pytest.raises(LostHost, match="THREADER_LOST=h1 pulumi up"):
        asyncio.run(resource(fault("h1")).delete("urn", host_inputs()))


def test_a_host_that_somebody_names_as_lost_is_forgotten_without_contact(monkeypatch):
    monkeypatch.setenv("THREADER_LOST", "h1")
    host = resource(fault("h1"))
    asyncio.run(host.delete("urn", host_inputs()))
    assert host.context.fleet.calls == []


def test_a_host_at_another_address_is_the_same_host():
    host = resource(WELL)
    new = host_inputs(connection={**connection("h1"), "address": "elsewhere"})
    assert host.diff(host_inputs(), new) == {'connection["address"]': "update"}
    assert not host.replaces
