"""Restarting all instances behind an edge: not one request fails."""

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.edges import behind, states, url
from tests.fleet.lab import Lab
from tests.fleet.operations import good, pyinfra
from tests.fleet.records import until
from tools.load.attack import Attack
from tools.load.report import Report

pytestmark = pytest.mark.fleet
EDGE = "app-4"
LAYOUT = {"py-a": ("app-5", 9009), "py-b": ("app-6", 9009)}
RATE = 100


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    made = behind(spare("restart"), (EDGE,), LAYOUT, "python")
    made.apply().good()
    until(lambda: set(states(lab, EDGE).values()) == {"UP"}, 10)
    return made


@pytest.fixture(scope="module")
def loaded(lab: Lab, stack: Deployment) -> tuple[Report, str]:
    with Attack(url(lab, EDGE), RATE, name="Restart") as attack:
        said = good(pyinfra(stack, "restart_all", "-y"))
        return attack.stop(), said


def test_not_one_request_fails(loaded):
    report, _ = loaded
    assert report.sent > RATE
    assert report.clean, report


def test_all_were_restarted_and_get_requests_again(loaded, lab: Lab):
    _, said = loaded
    assert [f"{name} on {host}: restarted" in said for name, (host, _) in LAYOUT.items()] == [True] * 2
    assert set(states(lab, EDGE).values()) == {"UP"}
