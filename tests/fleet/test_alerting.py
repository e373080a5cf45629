"""From a fault to people who read of it: real Prometheus, Alertmanagers (a pair), Loki, edges and threaders.

One instance goes, logs fill with errors, all threaders go, the Alertmanagers go: the seconds of each are printed.
"""

import json

import pytest
import requests

from deploy.settings.specs import FleetSpec
from monitoring.dashboards import Scope, Source, filled, panels_of
from monitoring.names import names_used
from tests.fleet.deployment import Deployment
from tests.fleet.edges import behind, post
from tests.fleet.monitors import (
    asked,
    past_them,
    prometheus,
    seconds,
    slack_fails,
    spec_of,
    targets,
    threads_of,
    watched,
)
from tests.fleet.records import until
from tests.fleet.threaders import IMPLS, place
from tools.local.webhook import webhook

pytestmark = [pytest.mark.fleet, pytest.mark.toolchain]
LAYOUT = {"py-a": ("app-5", 9009), "node-a": ("app-6", 9010), "go-a": ("app-5", 9011)}
MONITORS = EDGES = ("app-4", "app-6")
LOKI = MONITORS[0]
PATIENCE = 240.0


@pytest.fixture(scope="module")
def stack(spare) -> Deployment:
    made = watched(behind(spare("alerting"), EDGES, LAYOUT, *IMPLS.values()), *MONITORS, logs=True)
    made.change(env={**made.config()["env"], "DRAIN_SECONDS": "0", "SLACK_MAX_WAIT": "0"})
    made.apply().good()
    return made


@pytest.fixture(scope="module")
def fleet_spec(stack: Deployment) -> FleetSpec:
    return spec_of(stack)


def units(stack: Deployment, verb: str, *instances: str) -> None:
    """Stop or start instances, as a person would."""
    for name in instances:
        stack.lab.sh(LAYOUT[name][0], f"systemctl {verb} alert-threader@{name}.service")


def test_every_target_is_reached_by_both_of_the_pair(stack: Deployment):
    for monitor in MONITORS:
        until(lambda monitor=monitor: set(targets(stack.lab, monitor).values()) == {"up"}, 60, 1)
        found = targets(stack.lab, monitor)
        assert {("alert_threader_python", "py-a"), ("alert_threader_go", "go-a"), ("node", "app-5")} <= found.keys()
        assert {job for job, _ in found} >= {"edge", "prometheus", "alertmanager", "loki", "blackbox"}


def test_an_instance_that_goes_is_told_of_by_another_one_in_one_thread(stack: Deployment, tell):
    lab, words = stack.lab, ("ThreaderInstanceDown", "go-a")
    units(stack, "stop", "go-a")
    fired = seconds(lambda: threads_of(lab, *words), PATIENCE)
    units(stack, "start", "go-a")
    resolved = seconds(lambda: any("Resolved" in text for each in threads_of(lab, *words) for text in each), PATIENCE)
    assert len(threads_of(lab, *words)) == 1, "two Alertmanagers and two edges told of it, in one thread"
    tell(f"an instance is stopped: read of after {fired:.0f} s; started: resolved in the thread after {resolved:.0f} s")


def test_many_errors_in_the_log_are_told(stack: Deployment, tell):
    lab = stack.lab
    slack_fails(lab, "500")
    try:
        for number in range(8):
            address = f"http://{place(lab, *LAYOUT['go-a'])}/alert"
            answer = requests.post(address, json=webhook(f"Spike-{number}", "firing"), timeout=30)
            assert answer.status_code >= 500
    finally:
        slack_fails(lab, None)
    fired = seconds(lambda: threads_of(lab, "ThreaderLogErrorSpike", "go-a"), PATIENCE)
    tell(f"8 errors in the log of an instance: read of after {fired:.0f} s")


def test_all_threaders_gone_are_told_of_past_them(stack: Deployment, tell):
    lab = stack.lab
    units(stack, "stop", *LAYOUT)
    fired = seconds(lambda: past_them(lab, "ThreadersUnavailable"), PATIENCE)
    units(stack, "start", *LAYOUT)
    resolved = seconds(lambda: past_them(lab, "ThreadersUnavailable", "Resolved"), PATIENCE)
    tell(f"all threaders are stopped: read of after {fired:.0f} s; started: after {resolved:.0f} s")


def test_every_metric_of_the_rules_is_exported_with_its_labels(stack: Deployment, fleet_spec):
    for metric, labels in names_used(fleet_spec).items():
        found = prometheus(stack.lab, LOKI, f"topk(1, {metric})")
        assert found, f"nobody exports {metric}"
        if metric != "up":
            assert labels <= {*found[0]["metric"], "__name__"}, (metric, found[0]["metric"])


def test_every_query_of_every_panel_answers(stack: Deployment, fleet_spec):
    lab = stack.lab
    for number in range(3):
        assert post(lab, EDGES[0], f"Traffic-{number}") == 200
    empty = []
    for panel in panels_of(Scope.of(fleet_spec)):
        for expression in panel.expressions:
            query = filled(expression, "go-a")
            if panel.source is Source.PROMETHEUS:
                found = prometheus(lab, LOKI, query)
            else:
                address = f"{lab.address(LOKI)}:3100"
                found = asked(lab, LOKI, address, "/loki/api/v1/query_range", query=query, since="1h")["data"]["result"]
            empty += [] if found else [f"{panel.dashboard}: {panel.title}: {expression}"]
    assert empty == []


def test_alertmanagers_that_are_gone_are_told_of_by_the_watchdog(stack: Deployment, tell):
    lab, settings = stack.lab, "/etc/alert-threader-watchdog/watchdog.json"
    path = lab.inside(EDGES[1], settings)
    path.write_text(json.dumps({**json.loads(path.read_text()), "stale_seconds": 1}))
    for monitor in MONITORS:
        lab.sh(monitor, "systemctl stop alert-threader-alertmanager.service")
    watch = "systemctl start alert-threader-watchdog.service"
    fired = seconds(lambda: lab.sh(EDGES[1], watch) or past_them(lab, "Watchdog"), 60)
    tell(f"both Alertmanagers are stopped: read of {fired:.0f} s after it counts")
    assert len(past_them(lab, "Watchdog")) == 1
    stack.apply().good()
