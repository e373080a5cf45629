"""Prometheus scrapes a second slot while it is there, so that a gate can ask for it, and nobody is alarmed after."""

import re

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.edges import behind
from tests.fleet.lab import Lab
from tests.fleet.monitors import prometheus, targets, watched
from tests.fleet.records import until
from tests.fleet.threader import threader

pytestmark = pytest.mark.fleet
EDGE, HOST = "app-4", "app-5"
LAYOUT = {"py-a": (HOST, 9009)}
SLOT = ("second_slots", "py-a--prev")
BESIDE = {
    "name": "beside",
    "kind": "promql",
    "query": 'min(up{instance=~"{{baselines}}"}) + min(up{job!="blackbox",instance=~"{{candidates}}"})',
    "success": "== 2",
    "interval": 1,
    "phases": ["idle"],
}


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    made = watched(behind(spare("slots", (EDGE, HOST)), (EDGE,), LAYOUT, "python"), EDGE)
    gates = [{"name": "smoke", "kind": "smoke"}, BESIDE]
    made.change(rollout={"strategy": "canary", "hold": "never", "drain": 0, "confirm_within": 30, "gates": gates})
    made.apply().good()
    return made


def test_at_rest_a_second_slot_is_a_target_that_is_down(lab: Lab, stack: Deployment):
    until(lambda: targets(lab, EDGE).get(("alert_threader_python", "py-a")) == "up", 60, 1)
    until(lambda: targets(lab, EDGE).get(SLOT) == "down", 30, 1)


def test_a_gate_that_asks_prometheus_for_the_second_slot_passes(lab: Lab, stack: Deployment):
    stack.release(lab.threader("python", "1.0.1"))
    stack.apply().good()
    told = threader(stack, "rollout", "--why").stdout
    assert re.search(r"^\W*beside\W+pass", told, re.MULTILINE), told
    until(lambda: targets(lab, EDGE).get(SLOT) == "down", 30, 1)
    alerting = prometheus(lab, EDGE, 'ALERTS{alertname!="Watchdog",instance="py-a--prev"}')
    assert alerting == []
