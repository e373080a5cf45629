"""Traffic between an instance and its second slot, by a real HAProxy: exact, without a failed request, and for good."""

import http.client
import re
import time

import pytest

from deploy.manifest.paths import HELPER as ACTIVATE
from tests.fleet.deployment import Deployment
from tests.fleet.edges import PORT, UNIT, answered, behind, states, told, url
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tools.load.attack import Attack

pytestmark = pytest.mark.fleet
EDGE, HOST = "app-4", "app-5"
A, SLOT = "go-a.app-5.9009", "go-a--prev.app-5.10009"
TOKEN = "900:test"
RATE = 150


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    """go-a serves behind an edge that knows its second slot, which runs the same."""
    made = behind(spare("shift", (EDGE, HOST)), (EDGE,), {"go-a": (HOST, 9009)}, "go")
    made.change(rollout={"strategy": "canary", "confirm_within": 30, "drain": 0})
    made.apply().good()
    generation = lab.sh(HOST, "basename $(readlink /var/lib/alert-threader/go-a/current)").strip()
    for words, state in (
        (f"lease {TOKEN} 600 test deploy", "granted"),
        (f"keep go-a 10009 {TOKEN}", "kept"),
        (f"begin go-a--prev {generation} {TOKEN} 60 test deploy", "healthy"),
        (f"confirm go-a--prev {TOKEN}", "confirmed"),
    ):
        assert f'"state": "{state}"' in lab.sh(HOST, f"{ACTIVATE} {words}"), words
    return made


def shift(lab: Lab, instance: int, slot: int) -> dict:
    return told(lab, EDGE, "shift", f'{{"{A}": {instance}, "{SLOT}": {slot}}}')


def get(lab: Lab, count: int) -> list[int]:
    """The statuses of so many requests, each over a connection of its own."""
    found = []
    for _ in range(count):
        link = http.client.HTTPConnection(lab.address(EDGE), PORT, timeout=10)
        link.request("GET", "/health")
        answer = link.getresponse()
        answer.read()
        found.append(answer.status)
        link.close()
    return found


def test_a_slot_gets_nothing_until_traffic_is_shifted_to_it(lab: Lab, stack: Deployment):
    assert states(lab, EDGE) == {A: "UP", SLOT: "MAINT"}
    assert set(get(lab, 10)) == {200}
    assert answered(lab, EDGE)[SLOT] == 0


def test_each_gets_its_share_of_the_requests_to_the_request(lab: Lab, stack: Deployment):
    assert shift(lab, 10, 90) == {"state": "shifted", "reason": None}
    before = answered(lab, EDGE)
    assert set(get(lab, 200)) == {200}
    after = answered(lab, EDGE)
    assert abs(after[A] - before[A] - 20) <= 2
    assert after[A] + after[SLOT] - before[A] - before[SLOT] == 200


def test_not_one_request_fails_while_traffic_moves_to_the_slot_and_back(lab: Lab, stack: Deployment, tell):
    shift(lab, 100, 0)
    took = []
    with Attack(url(lab, EDGE), RATE, name="Shift") as attack:
        time.sleep(1)
        for weights in [(0, 100), (100, 0)] * 3:
            begun = time.monotonic()
            assert shift(lab, *weights)["state"] == "shifted"
            took.append(time.monotonic() - begun)
            time.sleep(0.3)
        report = attack.stop()
    tell(f"a shift takes {max(took):.2f} s at most, {min(took):.2f} s at least; {report.sent} requests meanwhile")
    assert report.sent > RATE
    assert report.clean, report


def as_shifted(lab: Lab) -> bool:
    found = told(lab, EDGE, "show")
    return (found["servers"][A], found["servers"][SLOT], found["weights"][SLOT]) == ("DRAIN", "UP", 40)


def test_weights_outlive_a_reload_a_restart_a_crash_and_a_reboot(lab: Lab, stack: Deployment):
    shift(lab, 0, 40)
    assert as_shifted(lab)
    for script in (f"systemctl reload {UNIT}; sleep 0.5", f"systemctl restart {UNIT}", f"systemctl kill -s9 {UNIT}"):
        lab.sh(EDGE, script)
        until(lambda: quietly(lab, as_shifted), 10)
    lab.fleet.reboot(EDGE)
    until(lambda: quietly(lab, as_shifted), 20)
    before = answered(lab, EDGE)[A]
    assert set(get(lab, 10)) == {200}
    assert answered(lab, EDGE)[A] == before


def quietly(lab: Lab, look) -> bool:
    """Whether it is so; not while HAProxy is away."""
    try:
        return look(lab)
    except (KeyError, ConnectionError):
        return False


def test_where_a_server_is_not_up_nothing_changes_and_it_is_told(lab: Lab, stack: Deployment):
    shift(lab, 100, 0)
    lab.sh(HOST, "systemctl stop alert-threader@go-a--prev")
    until(lambda: states(lab, EDGE)[SLOT].startswith("DOWN"), 5)
    before = told(lab, EDGE, "show")["weights"]
    answer = shift(lab, 0, 60)
    assert answer["state"] == "failed"
    assert re.match(rf"not up within 5 s: {re.escape(SLOT)} \(DOWN", answer["reason"]), answer
    assert told(lab, EDGE, "show")["weights"] == before
    assert states(lab, EDGE)[A] == "UP"
    assert set(get(lab, 10)) == {200}


def test_destroying_leaves_nothing_of_the_slot(lab: Lab, stack: Deployment):
    lab.sh(HOST, f"{ACTIVATE} warm go-a--prev 600 {TOKEN}; {ACTIVATE} release {TOKEN}")
    lab.sh(HOST, "mkdir -p /var/lib/alert-threader/stories; touch /var/lib/alert-threader/request.json")
    stack.destroy().good()
    find = "find / -xdev -path /proc -prune -o -name '*alert-threader*' -print"
    assert (
        lab.sh(HOST, f"{find}; systemctl list-units --all --no-legend '*--prev*'; ls -d /run/alert-threader*; true")
        == ""
    )
    assert lab.sh(EDGE, f"{find}; true") == ""
