"""What is not told while something else explains it: asked of the real Alertmanager, with our configuration."""

import json
import socket
import subprocess
import time
import urllib.request

import pytest

from monitoring.alertmanager import configuration
from tests.monitoring.fleets import FLEET

pytestmark = pytest.mark.promtool

UNAVAILABLE = {"alertname": "ThreadersUnavailable", "severity": "critical", "path": "direct"}
HOST = {"alertname": "HostDown", "severity": "critical", "host": "app-1"}
INSTANCE = {"alertname": "ThreaderInstanceDown", "severity": "critical", "host": "app-1", "instance": "py-a"}
BURN = {"alertname": "ThreaderDeliveryBudgetBurn", "path": "direct"}
FAILING = {"alertname": "AlertmanagerNotificationsFailing", "severity": "critical", "host": "app-2"}
NODE = {"alertname": "MonitoringTargetDown", "severity": "warning", "job": "node", "host": "app-1"}
STALE = {"alertname": "ThreaderHealthCheckStale", "severity": "warning", "host": "app-1", "instance": "py-a"}
WATCHDOG = {"alertname": "Watchdog", "severity": "none"}

CASES = {
    "no threader and an instance": (UNAVAILABLE, INSTANCE, True),
    "no threader and an edge": (UNAVAILABLE, {**INSTANCE, "alertname": "EdgeDown"}, True),
    "no threader and no way over them": (UNAVAILABLE, {**FAILING, "path": "direct"}, True),
    "no threader and no way past them": (UNAVAILABLE, FAILING, False),
    "no threader and a host": (UNAVAILABLE, HOST, False),
    "a host and an instance there": (HOST, INSTANCE, True),
    "a host and an instance elsewhere": (HOST, {**INSTANCE, "host": "app-2"}, False),
    "a host and another host": (HOST, {**HOST, "host": "app-2"}, False),
    "a host and no threader": (HOST, UNAVAILABLE, False),
    "a host and the alert that always fires": (HOST, WATCHDOG, False),
    "an instance and its health": (INSTANCE, {**INSTANCE, "alertname": "ThreaderHealthCheckFailed"}, True),
    "an instance and what its restarts did not mend": (
        INSTANCE,
        {**INSTANCE, "alertname": "ThreaderHealthCheckFailing", "impl": "python"},
        True,
    ),
    "an instance and what another one's restarts did not mend": (
        INSTANCE,
        {**INSTANCE, "alertname": "ThreaderHealthCheckFailing", "instance": "py-b"},
        False,
    ),
    "an instance and another one's health": (
        INSTANCE,
        {**STALE, "alertname": "ThreaderHealthCheckFailed", "instance": "b"},
        False,
    ),
    "a node exporter and health checks there": (NODE, STALE, True),
    "another exporter and health checks there": ({**NODE, "job": "loki"}, STALE, False),
    "a node exporter and health checks elsewhere": (NODE, {**STALE, "host": "app-2"}, False),
    "burning fast and burning slowly": ({**BURN, "severity": "critical"}, {**BURN, "severity": "warning"}, True),
}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory):
    """The base URL of an Alertmanager that reaches nobody."""
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(configuration(FLEET).replace("//10.0.0.", "//127.0.0."))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    process = subprocess.Popen(
        ["prometheus-alertmanager", *words, "--cluster.listen-address="], stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait(lambda: urllib.request.urlopen(f"{url}/-/ready"))
        yield url
    finally:
        process.terminate()
        process.wait()


def wait(ask, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("case", CASES)
def test_an_alert_silences_what_it_explains_and_nothing_else(alertmanager, case):
    source, target, silenced = CASES[case]
    post(alertmanager, [source, target])
    try:
        end = time.monotonic() + 5  # it looks at what explains others a moment after it took it
        while silenced and not inhibited(alertmanager)[json.dumps(target, sort_keys=True)] and time.monotonic() < end:
            time.sleep(0.05)
        assert bool(inhibited(alertmanager)[json.dumps(target, sort_keys=True)]) is silenced
        assert not inhibited(alertmanager)[json.dumps(source, sort_keys=True)]
    finally:
        post(alertmanager, [source, target], ended=True)


def post(url, alerts, ended=False):
    now = time.time()
    end = {"endsAt": stamp(now - 1)} if ended else {}
    body = json.dumps([{"labels": each, "startsAt": stamp(now - 60), **end} for each in alerts]).encode()
    request = urllib.request.Request(f"{url}/api/v2/alerts", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()


def inhibited(url):
    """The labels of the alerts that fire, and what inhibits each."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts") as answer:
        found = json.load(answer)
    return {json.dumps(each["labels"], sort_keys=True): each["status"]["inhibitedBy"] for each in found}


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
