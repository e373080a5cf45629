"""The monitoring on real hosts, from the distribution's packages: it runs, it follows the settings, and it is repaired."""

import json
import re
import urllib.request
from dataclasses import dataclass

import pytest

from tests.fleet import listing
from tests.fleet.deployment import Deployment, Done
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tests.fleet.threaders import prepared
from tools.local.config import host_settings

pytestmark = pytest.mark.fleet
MONITOR, OTHER = "app-4", "app-5"
HOSTS = (MONITOR, OTHER)
LAYOUT = {"py-a": (MONITOR, 9009), "py-b": (OTHER, 9009)}
MINE = ("prometheus", "alertmanager", "blackbox-exporter", "node-exporter")
EVERYWHERE = ("node-exporter",)
CONFIG = "/etc/alert-threader-prometheus/prometheus.yml"


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    made = prepared(spare("monitoring", HOSTS), LAYOUT, "python")
    rows = host_settings(lab.fleet.host(name) for name in HOSTS)
    rows[0]["roles"] = ["threader", "edge", "monitor"]
    env = {name: value for name, value in made.config()["env"].items() if name != "BIND_HOST"}
    made.change(hosts=rows, env={**env, "THREAD_STORE": "redis"}, monitoring=settings())
    made.apply().good()
    return made


def settings(**more):
    return {"prometheus": {"every": 1, **more}}


def pid(lab: Lab, part: str, host: str = MONITOR) -> str:
    return lab.sh(host, f"systemctl show -p MainPID --value alert-threader-{part}").strip()


def asked(lab: Lab, path: str) -> dict:
    """What Prometheus says; it listens on its host's loopback alone."""
    script = f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9090{path}').read().decode())"
    return json.loads(lab.sh(MONITOR, f'python3 -c "{script}"'))["data"]


def test_every_part_runs_where_it_should(lab: Lab, stack: Deployment):
    for host, parts in ((MONITOR, MINE), (OTHER, EVERYWHERE)):
        units = lab.sh(host, "systemctl list-units --no-legend --plain 'alert-threader-*.service' --state=active")
        found = {part for part in MINE if f"alert-threader-{part}.service" in units}
        assert found == {*parts}
