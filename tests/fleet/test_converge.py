"""From nothing to a fleet; then nothing more to do, also for a state that knows nothing."""

import pytest

from tests.fleet import listing
from tests.fleet.answers import versions
from tests.fleet.deployment import Deployment
from tests.fleet.lab import MAIN, Lab
from tools.local.webhook import post, threads, webhook

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module")
def first(lab: Lab, shared: Deployment):
    lab.whole(*MAIN)
    lab.blank(*MAIN)
    shared.reset()
    return shared.up().good()


def test_up_on_blank_hosts_makes_every_resource_and_every_instance_serves(first, shared: Deployment):
    kinds = sorted(each["type"].rpartition(":")[2] for each in shared.state().values())
    assert kinds == ["Fleet", *3 * ["HealthTimer"], *3 * ["Host"], *3 * ["Instance"], "Rollout", "Stack", "threader"]
    assert versions(shared) == [shared.lab.good.version] * 3


@pytest.mark.parametrize("number", range(3))
def test_an_incident_that_fires_at_one_instance_and_resolves_at_the_next_is_one_thread(first, shared, number):
    addresses = list(shared.outputs()["addresses"].values())
    alert = f"Converge-{number}"
    post(addresses[number], webhook(alert, "firing"))
    post(addresses[(number + 1) % 3], webhook(alert, "resolved"))
    assert [len(thread) for thread in threads(shared.lab.slack, alert)] == [2]


def test_a_second_up_changes_nothing_with_one_exec_a_host_and_phase(first, shared: Deployment):
    before = [listing.exact(shared.lab, host) for host in MAIN]
    second = shared.up().good()
    assert second.unchanged
    assert second.execs == 2 * (dict.fromkeys(MAIN, 1),)
    assert [listing.exact(shared.lab, host) for host in MAIN] == before


def test_a_preview_makes_one_exec_a_host(first, shared: Deployment):
    seen = shared.preview("--diff").good()
    assert seen.unchanged
    assert seen.execs == (dict.fromkeys(MAIN, 1),)


def test_an_up_with_a_new_empty_state_adopts_the_fleet_and_changes_nothing_on_any_host(first, lab: Lab):
    before = [listing.exact(lab, host) for host in MAIN]
    adopting = Deployment(lab, "adopting").make()
    adopting.up().good()
    for host, was in zip(MAIN, before, strict=True):
        assert listing.changed(was, listing.exact(lab, host)) == []
    assert adopting.preview().good().unchanged
