"""Lines of threaders go from the journals of real hosts to Loki: with their labels, in order, whoever was away."""

import json
import time
import urllib.request

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.journals import DIRECT, Loki, write
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tests.fleet.threaders import prepared
from tools.local.config import host_settings
from tools.loki import build

pytestmark = pytest.mark.fleet
MONITOR, OTHER = "app-4", "app-5"
HOSTS = (MONITOR, OTHER)
LAYOUT = {"py-a": (MONITOR, 9009), "go-a": (OTHER, 9009)}
IMPLS = {"py-a": "python", "go-a": "go"}
UNITS = ("alert-threader-loki", "alert-threader-log-shipper")


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    made = prepared(spare("logs", HOSTS), LAYOUT, "python", "go")
    rows = host_settings(lab.fleet.host(name) for name in HOSTS)
    rows[0]["roles"] = ["threader", "edge", "monitor"]
    env = {name: value for name, value in made.config()["env"].items() if name != "BIND_HOST"}
    made.change(hosts=rows, env=env, health={"deadline": 30}, monitoring=monitoring())
    made.apply().good()
    return made


def monitoring(**more) -> dict:
    loki = {"source": {"artifact": str(build.tarball()), "sha256": build.sha256()}}
    return {"prometheus": {"every": 5}, "loki": loki, **more}


@pytest.fixture(scope="module")
def loki(lab: Lab, stack: Deployment) -> Loki:
    made = Loki(f"{lab.address(MONITOR)}:3100")
    until(made.ready, pause=0.3)
    return made


@pytest.fixture
def begun() -> float:
    return time.time() - 1


def host_of(instance: str) -> str:
    return LAYOUT[instance][0]


def systemctl(lab: Lab, host: str, verb: str, unit: str) -> None:
    lab.sh(host, f"systemctl {verb} {unit}")


def test_what_a_threader_says_arrives_with_its_labels(lab: Lab, stack: Deployment, loki: Loki, begun: float):
    for instance, (host, _) in LAYOUT.items():
        systemctl(lab, host, "restart", f"alert-threader@{instance}")
    for instance, impl in IMPLS.items():
        query = f'{{job="alert_threader", instance="{instance}"}} |= "starting"'
        until(lambda query=query: loki.lines(query, begun), pause=0.3)
        labels, text = loki.lines(query, begun)[-1]
        expected = {"job": "alert_threader", "instance": instance, "impl": impl, "level": "info"}
        assert labels == {**expected, "host": host_of(instance)}
        assert json.loads(text)["impl"] == impl


def test_the_shipper_of_each_host_says_that_it_is_there(lab: Lab, loki: Loki):
    query = '{job="alert_threader_fleet", unit="alert-threader-log-shipper.service"} |= "starting up"'
    until(lambda: {labels["host"] for labels, _ in loki.lines(query, time.time() - 3600)} == {*HOSTS}, pause=0.3)


def test_no_part_complains(lab: Lab, loki: Loki):
    for host in HOSTS:
        said = lab.sh(host, "journalctl --no-pager -o cat -p warning -u alert-threader-log-shipper")
        assert [line for line in said.splitlines() if "connect" not in line.lower()] == []


def test_what_is_written_while_loki_is_away_arrives_afterwards_in_order(lab: Lab, loki: Loki, begun: float):
    systemctl(lab, MONITOR, "stop", UNITS[0])
    for instance in LAYOUT:
        write(lab, host_of(instance), instance, 0, 1500)
    systemctl(lab, OTHER, "restart", UNITS[1])
    for instance in LAYOUT:
        write(lab, host_of(instance), instance, 1500, 1500)
    time.sleep(6)
    assert not loki.ready()
    systemctl(lab, MONITOR, "start", UNITS[0])
    until(loki.ready, pause=0.3)
    for instance in LAYOUT:
        until(lambda instance=instance: len(loki.numbers(instance, begun)) >= 3000, pause=0.5)
        assert loki.numbers(instance, begun) == [*range(3000)]


@pytest.mark.parametrize("part", UNITS)
def test_what_is_killed_loses_nothing(lab: Lab, loki: Loki, begun: float, part: str):
    for start in range(0, 2000, 500):
        write(lab, MONITOR, "py-a", start, 500)
        if start in (500, 1000):
            systemctl(lab, MONITOR, "kill -s KILL", part)
    until(loki.ready, pause=0.3)
    until(lambda: len(loki.numbers("py-a", begun)) >= 2000, pause=0.5)
    assert loki.numbers("py-a", begun) == [*range(2000)]


def test_a_spike_of_errors_reaches_alertmanager(lab: Lab, loki: Loki):
    write(lab, OTHER, "go-a", 0, 6, level="error")
    begun = time.monotonic()
    until(lambda: spikes(lab), pause=0.3)
    print(f"Loki's rule was at Alertmanager {time.monotonic() - begun:.0f} s after the lines were written")
    (alert,) = spikes(lab)
    found = {name: alert["labels"][name] for name in ("instance", "impl", "host", "severity")}
    assert found == {"instance": "go-a", "impl": "go", "host": OTHER, "severity": "warning"}
    assert alert["annotations"]["summary"] == f"Alert threader go-a on {OTHER} logs many errors"


def spikes(lab: Lab) -> list[dict]:
    url = f"http://{lab.address(MONITOR)}:9093/api/v2/alerts?filter=alertname%3D%22ThreaderLogErrorSpike%22"
    with DIRECT.open(urllib.request.Request(url), timeout=5) as answer:
        return json.load(answer)


def test_what_a_full_buffer_does_not_hold_waits_in_the_journal(lab: Lab, stack: Deployment, loki: Loki, begun: float):
    stack.change(monitoring=monitoring(log_buffer_mb=1))
    stack.apply().good()
    systemctl(lab, MONITOR, "stop", UNITS[0])
    for start in range(0, 600, 100):
        write(lab, OTHER, "go-a", start, 100, size=30_000)
    time.sleep(5)
    size = int(lab.sh(OTHER, "cd /var/lib/alert-threader-log-shipper && stat -c %s *.rqf").split()[0])
    assert 1 << 20 <= size <= 9 << 20
    systemctl(lab, MONITOR, "start", UNITS[0])
    until(loki.ready, pause=0.3)
    until(lambda: len(loki.numbers("go-a", begun)) >= 600, pause=0.5)
    assert loki.numbers("go-a", begun) == [*range(600)]
    assert "dropping" not in lab.sh(OTHER, "journalctl --no-pager -o cat -u alert-threader-log-shipper")
