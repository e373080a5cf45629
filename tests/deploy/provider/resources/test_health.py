"""The HealthTimer resource on hosts that are only objects: what it starts, restarts, stops first and removes."""

import asyncio

import pytest

from deploy.faults import HostFault
from deploy.manifest.health import health_manifest, removal, schedule_path, settings_path
from deploy.manifest.items import Manifest
from deploy.provider.resources.base import Context
from deploy.provider.resources.health import SECTIONS, HealthTimerResource
from deploy.provider.resources.instance import InstanceResource
from deploy.provider.values import plain, properties
from deploy.settings.specs import HealthSpec
from tests.deploy.provider.fakes import FakeEngine, FakeFleet, connection, fault, snapshot_of

TIMER = "alert-threader-health@py-a.timer"
SCHEDULE = schedule_path("py-a")


def inputs(host="h1", spec=HealthSpec(), **changes):
    sections = health_manifest("py-a", host, "python", spec).sections()
    return {
        "instance": "py-a",
        "host": host,
        "connection": connection(host),
        "lost": False,
        "unreachable": "fail",
        "metrics": spec.metrics,
        **{name: sections[name] for name in SECTIONS},
        **changes,
    }


WELL = snapshot_of(Manifest.of(inputs()))


def resource(found):
    return HealthTimerResource(Context(FakeFleet(h1=found), FakeEngine()))


def read(timer, old=None):
    return asyncio.run(timer.read("urn", old or inputs()))


def update(timer, old=None, new=None):
    return asyncio.run(timer.update("urn", old or inputs(), new or inputs()))


def changed(timer):
    ((_, _, changes),) = timer.context.fleet.did("apply")
    return {f'{change.section}["{change.name}"]': change.wanted for change in changes}


def test_a_timer_as_wanted_shows_nothing_also_over_the_wire():
    timer, sent = resource(WELL), plain(properties(inputs()))
    assert timer.diff(plain(properties(read(timer, sent))), sent) == {}


def test_a_timer_that_somebody_stopped_shows_and_is_started():
    timer = resource({**WELL, "units": {TIMER: "inactive"}})
    old = read(timer)
    assert timer.diff(old, inputs()) == {f'units["{TIMER}"]': "add"}
    update(timer, old)
    assert changed(timer) == {f'units["{TIMER}"]': "active"}
    assert timer.context.fleet.did("run") == []


def test_settings_edited_by_hand_show_and_are_put_right_without_a_restart_of_the_timer():
    path = settings_path("py-a")
    timer = resource({**WELL, "paths": {**WELL["paths"], path: {"file": "{}", "access": "root:root 0644"}}})
    old = read(timer)
    assert timer.diff(old, inputs()) == {f'files["{path}"]': "update"}
    update(timer, old)
    assert set(changed(timer)) == {f'files["{path}"]'}
    assert timer.context.fleet.did("run") == []


def test_a_timer_with_another_interval_is_restarted_so_that_it_holds_at_once():
    timer, new = resource(WELL), inputs(spec=HealthSpec(every=5))
    update(timer, new=new)
    assert changed(timer) == {f'files["{SCHEDULE}"]': new["files"][SCHEDULE]}
    assert timer.context.fleet.did("apply", "run")[1:] == [("run", "h1", "systemctl", "restart", TIMER)]


def test_a_timer_that_is_only_started_now_is_not_restarted():
    timer = resource(snapshot_of(Manifest()))
    assert asyncio.run(timer.create("urn", inputs())) == ("h1/py-a", inputs())
    assert {f'units["{TIMER}"]', f'files["{SCHEDULE}"]'} < set(changed(timer))
    assert timer.context.fleet.did("run") == []


def test_creating_adopts_what_is_right_already():
    timer = resource(WELL)
    asyncio.run(timer.create("urn", inputs()))
    assert changed(timer) == {}


def test_metrics_in_another_folder_leave_none_in_the_old_one():
    timer = resource(WELL)
    update(timer, old=inputs(spec=HealthSpec(metrics="/srv/old")))
    assert timer.context.fleet.did("run") == [("run", "h1", "rm", "-f", "/srv/old/alert-threader-health-py-a.prom")]


def test_on_another_host_it_is_another_resource():
    timer = resource(WELL)
    assert set(timer.diff(inputs(), inputs(host="h2"))) & timer.replaces == {"host"}


def test_a_preview_contacts_nobody():
    timer = resource(fault("h1"))
    asyncio.run(timer.preview("urn", inputs(), inputs(spec=HealthSpec(every=5))))
    assert timer.context.fleet.calls == []


# --- a host that does not answer


def test_reading_and_changing_on_a_host_that_does_not_answer_raises_its_fault():
    for act in (read, update):
        with pytest.raises(HostFault, match="connection refused"):
            act(resource(fault("h1")))


def test_it_is_skipped_where_the_settings_allow_it_and_the_next_preview_says_so():
    timer, new = resource(fault("h1")), inputs(unreachable="skip")
    assert timer.diff(update(timer, new=new), new) == {"unverified": "delete"}


def test_on_a_lost_host_nothing_is_contacted_and_the_timer_is_forgotten():
    timer, lost = resource(fault("h1")), inputs(lost=True)
    assert read(timer, lost) == lost
    update(timer, new=lost)
    asyncio.run(timer.delete("urn", lost))
    assert timer.context.fleet.calls == []
    assert timer.context.engine.texts("warn") == ["host h1 is lost: the timer of py-a is forgotten"]


# --- removal


def test_removing_is_one_call_that_leaves_nothing_of_it():
    timer = resource(WELL)
    asyncio.run(timer.delete("urn", inputs()))
    metrics = "/var/lib/prometheus/node-exporter/alert-threader-health-py-a.prom"
    assert timer.context.fleet.calls == [("run", "h1", *removal("py-a", metrics))]


@pytest.mark.parametrize("message", ["Connection refused", "Read-only file system"])
def test_a_host_that_can_not_be_changed_holds_up_nobody_since_the_timer_goes_with_the_instance(message):
    timer = resource(fault("h1", message))
    asyncio.run(timer.delete("urn", inputs()))
    (text,) = timer.context.engine.texts("warn")
    assert text.startswith("the timer of py-a is still there, and goes together with it: host h1")


def test_a_host_that_somebody_names_as_lost_is_not_contacted(monkeypatch):
    monkeypatch.setenv("THREADER_LOST", "h1")
    timer = resource(fault("h1"))
    asyncio.run(timer.delete("urn", inputs()))
    assert timer.context.fleet.calls == []


def test_what_the_program_wants_under_another_name_is_told_apart_from_the_instance_and_other_machines():
    timer, context = resource(WELL), Context(FakeFleet(), FakeEngine())
    assert timer.identity(inputs()) == "health timer py-a at addr-h1:22"
    assert timer.identity(inputs()) != InstanceResource(context).identity(inputs())
    assert timer.identity(inputs()) != timer.identity(inputs(host="h2"))
