"""The Edge resource on hosts that are only objects: what it shows, when HAProxy is told, and what is removed."""

import asyncio

import pytest

from deploy.faults import HostFault
from deploy.manifest.edge import CONFIG_PATH, edge_manifest
from deploy.manifest.edge_state import LOADED, RUNNING_PATH
from deploy.manifest.items import Manifest
from deploy.manifest.paths import EDGE_UNIT
from deploy.provider.fleet import LostHost
from deploy.provider.resources.base import Context
from deploy.provider.resources.edge import EdgeFailed, EdgeResource
from deploy.provider.values import plain, properties
from tests.deploy.provider.fakes import FakeEngine, FakeFleet, connection, fault, snapshot_of

CONFIG = "global\nbackend threaders\n    server py-a.h1.9009 127.0.0.1:9009 disabled\n"
RETIRING = "# No longer wanted\n    server py-a.h2.9009 10.0.0.2:9009 disabled\n"


class EdgeFleet(FakeFleet):
    """Its helper answers `apply` with `answer`; `refuses` is what starting HAProxy fails with."""

    def __init__(self, **hosts):
        super().__init__(**hosts)
        self.answer, self.refuses = {"state": "reloaded", "finishing": 0}, None

    def _answer(self, found, verb, *words):
        return self.answer

    async def apply(self, connection, changes, access, artifact=None):
        await super().apply(connection, changes, access)
        if self.refuses:
            raise self.refuses


def inputs(config=CONFIG, **changes):
    base = {"connection": connection("h1"), "lost": False, "unreachable": "fail", "loaded": LOADED}
    return {**base, **edge_manifest(config).sections(), **changes}


def found_on(config=CONFIG, running=None, **changes):
    found = snapshot_of(edge_manifest(config))
    file = {"file": running or config, "access": "haproxy:haproxy 0644"}
    return {**found, "paths": {**found["paths"], RUNNING_PATH: file}, **changes}


def edge(found):
    return EdgeResource(Context(EdgeFleet(h1=found), FakeEngine()))


def read(resource, old=None):
    return asyncio.run(resource.read("urn", old or inputs()))


def update(resource, old=None, new=None):
    return asyncio.run(resource.update("urn", old or inputs(), new or inputs()))


def changed(resource):
    ((_, _, changes),) = resource.context.fleet.did("apply")
    return {f'{change.section}["{change.name}"]': change.wanted for change in changes}


def test_an_edge_as_wanted_shows_nothing_also_over_the_wire():
    resource, sent = edge(found_on()), plain(properties(inputs()))
    assert resource.diff(plain(properties(read(resource, sent))), sent) == {}


def test_servers_that_haproxy_keeps_until_they_are_retired_are_no_drift():
    resource = edge(found_on(running=CONFIG + RETIRING))
    assert resource.diff(read(resource), inputs()) == {}


def test_a_configuration_edited_by_hand_shows_line_by_line_and_is_put_right_and_loaded():
    resource = edge(found_on(config=CONFIG + "# mine\n"))
    old = read(resource)
    assert resource.diff(old, inputs()) == {f'files["{CONFIG_PATH}"]': "update"}
    update(resource, old)
    assert changed(resource) == {f'files["{CONFIG_PATH}"]': CONFIG}
    assert resource.context.fleet.did("edge") == [("edge", "h1", "apply")]


def test_a_reload_that_was_cut_off_shows_and_is_made_up_for():
    resource = edge(found_on(running="global\n"))
    old = read(resource)
    assert resource.diff(old, inputs()) == {"loaded": "update"}
    update(resource, old)
    assert changed(resource) == {}
    assert resource.context.fleet.did("edge") == [("edge", "h1", "apply")]


def test_an_edge_that_somebody_stopped_shows_and_is_started():
    resource = edge({**snapshot_of(edge_manifest(CONFIG)), "units": {EDGE_UNIT: "inactive"}})
    old = read(resource)
    assert resource.diff(old, inputs()) == {f'units["{EDGE_UNIT}"]': "add", "loaded": "update"}
    update(resource, old)
    assert changed(resource) == {f'units["{EDGE_UNIT}"]': "active"}


def test_creating_on_a_bare_host_makes_everything():
    resource = edge(snapshot_of(Manifest()))
    assert asyncio.run(resource.create("urn", inputs())) == ("h1", inputs())
    manifest = edge_manifest(CONFIG)
    assert {name.partition('["')[2][:-2] for name in changed(resource)} == {
        *manifest.paths,
        *manifest.packages,
        *manifest.units,
    }


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_what_haproxy_complains_of_is_told_with_what_to_do_next(state):
    resource = edge(found_on())
    resource.context.fleet.answer = {"state": state, "reason": "cannot bind socket (Address already in use)"}
    with pytest.raises(EdgeFailed, match=r"edge on h1: cannot bind socket \(Address already in use\); next: "):
        update(resource)


def test_a_haproxy_that_does_not_start_is_asked_why():
    resource = edge(found_on())
    resource.context.fleet.refuses = fault("h1", f"Job for {EDGE_UNIT} failed")
    resource.context.fleet.answer = {"state": "stopped", "reason": "cannot bind socket"}
    with pytest.raises(EdgeFailed, match="cannot bind socket"):
        update(resource)


@pytest.mark.parametrize("message", ["Connection refused", "No space left on device", "E: Unable to locate package"])
def test_any_other_fault_stays_what_it_is(message):
    resource = edge(found_on())
    resource.context.fleet.refuses = fault("h1", message)
    with pytest.raises(HostFault):
        update(resource)
    assert resource.context.fleet.did("edge") == []


def test_a_host_that_does_not_answer_is_skipped_where_the_settings_allow_it():
    resource, new = edge(fault("h1")), inputs(unreachable="skip")
    assert resource.diff(update(resource, inputs(), new), new) == {"unverified": "delete"}
    with pytest.raises(HostFault, match="connection refused"):
        update(resource)


def test_a_lost_host_is_never_contacted():
    resource, lost = edge(fault("h1")), inputs(lost=True)
    assert read(resource, lost) == lost
    update(resource, inputs(), lost)
    asyncio.run(resource.delete("urn", lost))
    assert resource.context.fleet.calls == []


def test_removing_ends_what_would_admit_servers_then_stops_haproxy_and_leaves_the_package():
    resource = edge(found_on())
    asyncio.run(resource.delete("urn", inputs()))
    verbs = [call[0] for call in resource.context.fleet.did("run", "apply")]
    assert verbs == ["run", "apply"]
    ((_, _, *words),) = resource.context.fleet.did("run")
    assert "alert-threader-edge-admit-*" in words[-1]
    ((_, _, changes),) = resource.context.fleet.did("apply")
    assert (changes[0].section, changes[0].name) == ("units", EDGE_UNIT)
    assert all(change.wanted is None for change in changes)


def test_nothing_is_forgotten_of_a_host_that_does_not_answer():
    with pytest.raises(LostHost, match="THREADER_LOST=h1 pulumi up"):
        asyncio.run(edge(fault("h1")).delete("urn", inputs()))


def test_an_edge_under_another_name_on_the_same_machine_is_the_same_edge():
    resource, renamed = edge(found_on()), inputs(connection={**connection("h1"), "host": "other"})
    resource.claim(renamed)
    assert resource.taken_over(inputs())
