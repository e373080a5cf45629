"""The helper on a real host, where a fake could lie: locks, ports, boots, and disks that are full or read-only."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fleet.helped import Helped, soon
from tests.fleet.lab import Lab

pytestmark = pytest.mark.fleet
HOST, A, B = "app-6", 9301, 9302
PENDING = "/var/lib/alert-threader/py-a/pending.json"
LOCK = "/run/alert-threader/py-a.lock"
SEEN = f"runuser -u alert-threader -- flock --shared --nonblock {LOCK} true && echo free || echo held"
"""How the health check, which is not root, sees whether a switch is alive."""


@pytest.fixture(scope="module")
def made(lab: Lab) -> Helped:
    """py-a runs its generation `one`, py-b too; `two` of each listens where the other does."""
    lab.whole(HOST)
    lab.blank(HOST)
    host = Helped(lab, HOST)
    host.install("py-a", "py-b")
    for name, here, there in (("py-a", A, B), ("py-b", B, A)):
        host.stage(name, "one", here, deadline=20)
        host.stage(name, "two", there)
        host.stage(name, "next", here)
        host.stage(name, "ill", there, ill="ill", deadline=1)
        host.stage(name, "unready", here, ill="unready", deadline=1)
    return host


@pytest.fixture
def host(made: Helped) -> Helped:
    """Both run `one`, and a fresh token has the lease, as `host.token`."""
    number = made.__dict__.setdefault("number", 0) + 1
    made.number, made.token = number, f"{number}:test"
    made.lab.whole(HOST)
    assert made.take(made.token) == {"state": "granted"}
    assert [answer["state"] for answer in both(lambda name: made.begin(name, "one", made.token))] == ["healthy"] * 2
    assert [answer["state"] for answer in both(lambda name: made.ask("confirm", name, made.token))] == ["confirmed"] * 2
    assert (made.serves(A), made.serves(B)) == ("one", "one")
    return made


def both(call):
    """Call for both instances at once."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(call, ("py-a", "py-b")))


def test_who_looks_at_an_instance_sees_that_a_switch_is_alive(host: Helped):
    assert host.sh(SEEN) == "free\n"
    assert host.begin("py-a", "next", host.token)["state"] == "healthy"
    assert host.sh(SEEN) == "held\n"
    assert host.ask("restart", "py-a", "health-check")["state"] == "busy"
    assert host.ask("confirm", "py-a", host.token)["state"] == "confirmed"
    soon(lambda: host.sh(SEEN) == "free\n")
    assert host.ask("restart", "py-a", "health-check") == {"state": "restarted", "reason": None}


def test_a_switch_that_is_killed_lets_go_of_its_lock_when_it_is_undone(host: Helped):
    assert host.begin("py-a", "next", host.token)["state"] == "healthy"
    host.sh("systemctl kill --signal=KILL alert-threader-activate-py-a")
    soon(lambda: not host.exists(PENDING))
    soon(lambda: host.sh(SEEN) == "free\n")
    assert (host.serves(A), host.ledger("py-a")[-1]["verdict"]) == ("one", "reverted")


def test_an_instance_that_is_not_ready_goes_back(host: Helped):
    answer = host.begin("py-a", "unready", host.token)
    assert answer["state"] == "failed"
    assert f"HTTP 503 from http://127.0.0.1:{A}/ready, for 1 s" in str(answer["reason"])
    assert host.serves(A) == "one"
    assert host.ask("survey", "py-a", "py-b") == {"py-a": None, "py-b": None}


def test_two_instances_swap_their_ports_at_once(host: Helped):
    answers = both(lambda name: host.begin(name, "two", host.token))
    assert [answer["state"] for answer in answers] == ["healthy", "healthy"]
    assert [answer["state"] for answer in both(lambda name: host.ask("confirm", name, host.token))] == ["confirmed"] * 2
    assert (host.serves(A), host.serves(B)) == ("two", "two")


def test_a_swap_of_which_one_side_fails_is_undone_without_waiting_for_anybody(host: Helped):
    """The failed one can not have its old port before the other one is told to go back: so it says so at once."""
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(host.begin, "py-b", "two", host.token)
        failed = host.begin("py-a", "ill", host.token)
        assert (failed["state"], other.result()["state"]) == ("failing", "healthy")
    answers = both(lambda name: host.ask("undo", name, host.token))
    assert [answer["state"] for answer in answers] == ["failed", "reverted"]
    assert "unhealthy, too" not in f"{answers}"
    assert (host.serves(A), host.serves(B)) == ("one", "one")
    assert time.monotonic() - begun < 18  # less than the 20 s that the old one would wait for its port


def test_a_port_that_nobody_leaves_is_a_failure_and_what_ran_runs_on(host: Helped):
    answer = host.begin("py-a", "two", host.token)
    assert (answer["state"], answer["reason"]) == ("failed", f"another process has port {B}, for 5 s")
    assert (host.serves(A), host.serves(B)) == ("one", "one")
    assert host.ledger("py-a")[-1]["verdict"] == "unconfirmed"  # which says nothing against the generation


def test_after_a_boot_the_lease_is_nobodys_but_no_lower_counter_gets_it(host: Helped):
    assert host.take("1000:other")["state"] == "held"
    host.lab.fleet.reboot(HOST)
    assert host.take("0:other")["state"] == "superseded"
    assert host.begin("py-a", "next", host.token)["state"] == "healthy"  # nobody has superseded it yet
    assert host.ask("undo", "py-a", host.token)["state"] == "reverted"
    host.lab.fleet.reboot(HOST)
    number = host.number + 1
    assert host.take(f"{number}:other")["state"] == "granted"
    assert host.begin("py-a", "next", host.token)["state"] == "superseded"
    assert host.ask("release", f"{number}:other")["state"] == "released"
    host.number = number


def test_a_stop_that_a_boot_cuts_off_goes_back(host: Helped):
    assert host.begin("py-a", "-", host.token)["state"] == "healthy"
    assert host.serves(A) == ""
    host.lab.fleet.reboot(HOST)
    soon(lambda: host.serves(A) == "one")
    assert not host.exists(PENDING)


def test_on_a_disk_that_gets_full_a_switch_goes_back_all_the_same(host: Helped):
    assert host.begin("py-a", "next", host.token)["state"] == "healthy"
    host.lab.fleet.fill(HOST)
    assert host.ask("undo", "py-a", host.token)["state"] == "reverted"
    assert host.serves(A) == "one"
    assert not host.exists(PENDING)
    assert not host.exists("/var/lib/alert-threader/py-a/.back")


def test_on_a_full_disk_nothing_is_begun_and_what_runs_is_not_touched(host: Helped):
    process = host.sh("systemctl show -P MainPID alert-threader@py-a")
    host.lab.fleet.fill(HOST)
    answer = host.begin("py-a", "next", host.token)
    assert answer["state"] == "failed"
    assert "nothing was touched" in str(answer["reason"])
    assert "No space left on device" in str(answer["reason"])
    assert host.sh("systemctl show -P MainPID alert-threader@py-a") == process
    assert not host.exists(PENDING)
    answer = host.ask("note", "'{}'")
    assert (answer["state"], "No space left" in str(answer["reason"])) == ("failed", True)


def test_what_a_read_only_disk_did_not_let_go_back_goes_back_when_it_can_be_written(host: Helped):
    assert host.begin("py-a", "next", host.token)["state"] == "healthy"
    host.lab.fleet.readonly(HOST)
    answer = host.ask("undo", "py-a", host.token)
    assert (answer["state"], "could not be led back" in str(answer["reason"])) == ("stuck", True)
    soon(lambda: host.sh("systemctl is-active alert-threader-activate-py-a || :") == "inactive\n")
    assert host.serves(A) == "next"
    host.lab.fleet.writable(HOST)
    assert host.ask("restart", "py-a", "health-check")["state"] == "reverted"
    assert host.serves(A) == "one"
    assert not host.exists(PENDING)
