"""The edge: no request fails while its servers change, drain, or HAProxy itself is killed, and it forgets nothing."""

import json
import re
import time
from pathlib import Path

import pytest
import requests

from deploy.manifest.edge import Server, configuration
from tests.fleet.deployment import Deployment, Done
from tests.fleet.edges import (
    CONFIG,
    HELPER,
    METRICS_PORT,
    UNIT,
    Slow,
    answered,
    behind,
    post,
    processes,
    states,
    told,
    url,
)
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tests.fleet.threaders import instances
from tools.load.attack import Attack
from tools.load.report import Report

pytestmark = pytest.mark.fleet
EDGE = "app-4"
LAYOUT = {"go-a": ("app-5", 9009), "go-b": ("app-6", 9009)}
A, B, C = "go-a.app-5.9009", "go-b.app-6.9009", "go-c.app-5.9010"
SILENT = Path(__file__).with_name("silent.py")
RATE = 150
"""Requests a second: some 1,500 while a stack is brought up."""


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    made = behind(spare("edge"), (EDGE,), LAYOUT, "go")
    made.apply().good()
    return made


@pytest.fixture
def well(lab: Lab, stack: Deployment) -> None:
    """Both servers get requests."""
    told(lab, EDGE, "admit", f"{A},{B}")
    until(lambda: states(lab, EDGE)[A] == states(lab, EDGE)[B] == "UP", 10)


def test_the_rollout_has_admitted_every_instance(lab: Lab, stack: Deployment):
    until(lambda: states(lab, EDGE) == {A: "UP", B: "UP"}, 5)
    assert [post(lab, EDGE) for _ in range(4)] == [200] * 4
    assert all(answered(lab, EDGE).values())


def test_a_second_up_changes_nothing(stack: Deployment):
    done = stack.up("--diff").good()
    assert done.unchanged, done.text


def test_haproxy_is_exposed_little(lab: Lab, stack: Deployment):
    said = lab.sh(EDGE, f"systemd-analyze security --no-pager {UNIT} | tail -1")
    assert float(re.search(r"([\d.]+) OK", said)[1]) <= 1.5, said


def test_the_distributions_own_haproxy_is_left_as_its_package_made_it(lab: Lab, stack: Deployment):
    assert lab.sh(EDGE, "dpkg --verify haproxy; systemctl is-active haproxy") == "active\n"


def test_metrics_tell_of_every_server(lab: Lab, stack: Deployment):
    session = requests.Session()
    session.trust_env = False
    text = session.get(f"http://{lab.address(EDGE)}:{METRICS_PORT}/metrics", timeout=5).text
    for name in (A, B):
        assert re.search(rf'^haproxy_server_status{{proxy="threaders",server="{name}",state="UP"}} 1$', text, re.M)


# --- topology


@pytest.fixture(scope="module")
def grown(lab: Lab, stack: Deployment) -> tuple[Report, Done, tuple, tuple]:
    """A third instance comes, and goes again, under load."""
    before = processes(lab, EDGE)
    with Attack(url(lab, EDGE), RATE, name="Topology") as attack:
        more = {**LAYOUT, "go-c": ("app-5", 9010)}
        stack.change(instances=instances(more))
        up = stack.apply().good()
        between = states(lab, EDGE)
        stack.change(instances=instances(LAYOUT))
        stack.apply().good()
        report = attack.stop()
    return report, up, (before, processes(lab, EDGE)), between


def test_not_one_request_fails_while_an_instance_comes_and_goes(grown):
    report = grown[0]
    print(f"\ntopology: {report.as_json()}")
    assert report.sent > 1000
    assert report.clean, report


def test_the_new_one_is_admitted_and_gone_afterwards(lab: Lab, grown):
    assert set(grown[3]) == {A, B, C}
    assert set(states(lab, EDGE)) == {A, B}


def test_haproxy_was_reloaded_and_never_started_again(grown):
    (master, worker), (master_now, worker_now) = grown[2]
    assert master == master_now
    assert worker != worker_now


# --- drain


def test_a_drained_server_finishes_what_it_has_and_gets_nothing_new(lab: Lab, well):
    slow = [Slow(lab, EDGE, f"Slow{number}") for number in range(2)]  # one for each server
    assert told(lab, EDGE, "drain", A, "60", "0.5") == {"state": "draining", "sessions": 1}
    before = answered(lab, EDGE)[A]
    assert [post(lab, EDGE) for _ in range(10)] == [200] * 10
    assert answered(lab, EDGE)[A] == before
    assert [each.finish() for each in slow] == [200, 200]
    assert told(lab, EDGE, "drain", A, "60", "5") == {"state": "drained", "sessions": 0}


def test_an_admitted_server_gets_requests_again(lab: Lab, well):
    told(lab, EDGE, "drain", A, "60", "5")
    before = answered(lab, EDGE)[A]
    assert told(lab, EDGE, "admit", A)["state"] == "ready"
    assert [post(lab, EDGE) for _ in range(10)] == [200] * 10
    assert answered(lab, EDGE)[A] > before
    assert lab.sh(EDGE, "systemctl list-units --no-legend 'alert-threader-edge-admit*'") == ""


def test_a_server_that_nobody_admits_is_admitted_in_time(lab: Lab, well):
    begun = time.monotonic()
    told(lab, EDGE, "drain", A, "2", "0")
    until(lambda: states(lab, EDGE)[A] == "UP", 5)
    assert time.monotonic() - begun > 1.8


def test_what_a_reload_left_behind_is_waited_for_too(lab: Lab, well):
    slow = [Slow(lab, EDGE, f"Behind{number}") for number in range(2)]
    lab.sh(EDGE, f"systemctl reload {UNIT}; sleep 1")
    assert told(lab, EDGE, "drain", A, "60", "0") == {"state": "draining", "sessions": 1}
    assert [each.finish() for each in slow] == [200, 200]
    assert told(lab, EDGE, "drain", A, "60", "5")["state"] == "drained"


def test_a_reload_keeps_what_is_drained(lab: Lab, well):
    told(lab, EDGE, "drain", A, "60", "5")
    lab.sh(EDGE, f"systemctl reload {UNIT}; sleep 1")
    assert states(lab, EDGE) == {A: "DRAIN", B: "UP"}


# --- what is sent twice


def test_a_post_that_a_server_took_and_did_not_answer_is_not_repeated_and_a_get_is(lab: Lab, well):
    servers = [Server("loud", "127.0.0.1", 9292), Server("silent", "127.0.0.1", 9291)]
    text = configuration(servers, addresses=("127.0.0.1",), port=9280, metrics_port=9281, ready="/ready")
    text = text.replace("/run/alert-threader-edge", "/run/silent").replace(" disabled\n", "\n")
    lab.inside(EDGE, "/root/silent.cfg").write_text(text)
    lab.inside(EDGE, "/root/silent.py").write_text(SILENT.read_text())
    found = json.loads(lab.sh(EDGE, "cd /root && python3 silent.py silent.cfg && rm -r silent.* /run/silent"))
    (posts, posted), (gets, got) = found["POST"], found["GET"]
    assert posts.count(502) == posted > 0
    assert posts.count(200) == len(posts) - posted
    assert set(gets) == {200}
    assert got > 0


def test_a_request_for_a_server_that_is_gone_is_answered_by_another_one(lab: Lab, well):
    lab.sh("app-5", "systemctl kill -s KILL alert-threader@go-a")
    assert [post(lab, EDGE) for _ in range(10)] == [200] * 10


# --- HAProxy dies, or its host


def test_a_killed_haproxy_is_back_at_once_as_it_was(lab: Lab, well):
    told(lab, EDGE, "drain", A, "60", "5")
    master, _ = processes(lab, EDGE)
    lab.sh(EDGE, f"kill -9 {master}")
    begun = time.monotonic()
    until(lambda: _posted(lab) == 200, 10)
    print(f"\nafter kill -9 requests are answered again in {time.monotonic() - begun:.2f} s")
    until(lambda: states(lab, EDGE)[A].startswith("DRAIN"), 5)


def test_after_a_reboot_of_its_host_every_server_is_admitted(lab: Lab, well):
    told(lab, EDGE, "drain", A, "600", "5")
    lab.fleet.reboot(EDGE)
    until(lambda: _posted(lab) == 200, 20)
    until(lambda: states(lab, EDGE) == {A: "UP", B: "UP"}, 5)


def test_a_server_that_is_down_is_admitted_and_gets_nothing_until_it_is_up(lab: Lab, well):
    told(lab, EDGE, "retire", A)
    lab.sh("app-5", "systemctl stop alert-threader@go-a")
    assert told(lab, EDGE, "admit", A)["state"] == "ready"
    assert [post(lab, EDGE) for _ in range(6)] == [200] * 6
    assert answered(lab, EDGE)[A] == 0 or states(lab, EDGE)[A] == "DOWN"
    lab.sh("app-5", "systemctl start alert-threader@go-a")
    until(lambda: states(lab, EDGE)[A] == "UP", 10)


# --- servers that are no longer wanted


def test_a_server_that_left_the_settings_serves_until_it_is_retired_also_after_a_reboot(lab: Lab, stack, well):
    wanted = lab.inside(EDGE, CONFIG).read_text()
    lab.inside(EDGE, CONFIG).write_text(re.sub(rf".*server {A} .*\n", "", wanted))
    assert told(lab, EDGE, "apply")["state"] == "reloaded"
    until(lambda: states(lab, EDGE) == {A: "UP", B: "UP"}, 5)
    lab.fleet.reboot(EDGE)
    until(lambda: _posted(lab) == 200, 20)
    until(lambda: states(lab, EDGE) == {A: "UP", B: "UP"}, 5)
    assert told(lab, EDGE, "retire", A) == {"state": "retired"}
    assert set(states(lab, EDGE)) == {B}
    assert told(lab, EDGE, "admit", A)["state"] == "ready"  # a rollback
    until(lambda: states(lab, EDGE) == {A: "UP", B: "UP"}, 5)
    told(lab, EDGE, "retire", A)
    lab.inside(EDGE, CONFIG).write_text(wanted)
    told(lab, EDGE, "apply")
    assert states(lab, EDGE)[A] == "MAINT"


# --- drift


def test_a_configuration_edited_by_hand_shows_and_is_repaired_under_load(lab: Lab, stack: Deployment, well):
    lab.sh(
        EDGE, f"sed -i 's/timeout server 60s/timeout server 1s/' {CONFIG}; chmod 0777 {HELPER}; systemctl reload {UNIT}"
    )
    seen = stack.preview("--diff").good()
    assert re.search(r"- *timeout server 1s", seen.text), seen.text
    assert re.search(r"\+ *timeout server 60s", seen.text), seen.text
    assert '"root:root 0777" => "root:root 0755"' in seen.text
    with Attack(url(lab, EDGE), RATE, name="Drift") as attack:
        stack.apply().good()
        report = attack.stop()
    assert report.clean, report
    assert "timeout server 60s" in lab.sh(EDGE, "cat /run/alert-threader-edge/haproxy.cfg")
    assert stack.preview().good().unchanged


def test_a_stopped_edge_shows_and_is_started(lab: Lab, stack: Deployment, well):
    lab.sh(EDGE, f"systemctl stop {UNIT}")
    seen = stack.preview("--diff").good()
    assert re.search(rf"\+ *{UNIT}\.service", seen.text), seen.text
    stack.apply().good()
    until(lambda: _posted(lab) == 200, 5)


def test_a_port_that_somebody_else_has_is_told_with_its_cause_and_the_old_configuration_serves_on(lab, stack, well):
    lab.sh(EDGE, "systemd-run --quiet --unit=squatter python3 -m http.server 9180")
    stack.change(edge={"port": 9180})
    failed = stack.apply().failed()
    assert re.search(rf"edge on {EDGE}: .*Address already in use.*:9180\]; next: ", failed.text), failed.text
    assert post(lab, EDGE) == 200
    lab.sh(EDGE, "systemctl stop squatter")
    stack.change(edge=None)
    stack.apply().good()
    assert post(lab, EDGE) == 200


def test_destroying_leaves_nothing_of_it_but_the_package(lab: Lab, stack: Deployment, well):
    told(lab, EDGE, "drain", A, "600", "0")
    stack.destroy().good()
    left = lab.sh(
        EDGE,
        "find / -xdev -path /proc -prune -o -name '*alert-threader-edge*' -print; ls -d /run/alert-threader*; true",
    )
    assert left == ""
    assert lab.sh(
        EDGE, "systemctl list-units --all --no-legend 'alert-threader-edge*'; dpkg-query -W -f '${Status}' haproxy"
    ) == ("install ok installed")


def _posted(lab: Lab) -> int:
    try:
        return post(lab, EDGE)
    except OSError:
        return 0
