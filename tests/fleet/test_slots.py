"""A second slot on a real host: both serve, over a reboot too, and of one that is dropped nothing is left."""

import time

import pytest

from tests.fleet.helped import Helped, soon
from tests.fleet.lab import Lab

pytestmark = pytest.mark.fleet
HOST, PORT, SLOT_PORT = "app-6", 9301, 10301
SLOT = "py-a--prev"
LEFT = (
    f"find /etc /var/lib/alert-threader /run/systemd -name '*{SLOT}*'; "
    f"systemctl list-units --all --no-legend '*{SLOT}*'; ss -Hltn 'sport = :{SLOT_PORT}'"
)
"""Prints what is left of the slot: files, units, and who listens."""


@pytest.fixture(scope="module")
def made(lab: Lab) -> Helped:
    """py-a runs `one`."""
    lab.whole(HOST)
    lab.blank(HOST)
    host = Helped(lab, HOST)
    host.install("py-a")
    host.stage("py-a", "one", PORT, slots=True)
    host.number = 0
    switched(leased(host), "py-a", "one")
    return host


@pytest.fixture
def host(made: Helped) -> Helped:
    """The same with a fresh lease, and no slot."""
    leased(made)
    assert made.ask("drop", SLOT, made.token)["state"] == "dropped"
    return leased(made)


def leased(host: Helped) -> Helped:
    """With the lease of another rollout."""
    if host.number:
        host.ask("release", host.token)
    host.number += 1
    host.token = f"{host.number}:test"
    assert host.take(host.token) == {"state": "granted"}
    return host


def switched(host: Helped, instance: str, generation: str) -> None:
    assert host.begin(instance, generation, host.token)["state"] == "healthy"
    assert host.ask("confirm", instance, host.token)["state"] == "confirmed"


def kept(host: Helped) -> None:
    """What py-a runs goes on in its slot, too."""
    assert host.ask("keep", "py-a", str(SLOT_PORT), host.token) == {"state": "kept", "generation": "one"}
    switched(host, SLOT, "one")


def both(host: Helped) -> tuple[str, str]:
    return host.serves(PORT), host.serves(SLOT_PORT)


def test_both_serve_over_a_reboot_and_a_slot_that_is_dropped_leaves_nothing(host: Helped):
    process = host.sh("systemctl show -P MainPID alert-threader@py-a")
    kept(host)
    assert both(host) == ("one", "one")
    assert host.sh("systemctl show -P MainPID alert-threader@py-a") == process
    path = f"/var/lib/alert-threader/{SLOT}/generations/one/env"
    assert host.sh(f"stat -c '%U %a' {path}; cat {path}; cat /etc/alert-threader.d/{SLOT}.env") == (
        "root 600\n" + f'BIND_PORT="{SLOT_PORT}"\nINSTANCE="{SLOT}"\n' * 2
    )
    exposed = "systemd-analyze security --no-pager {} | tail -1 | grep -o '[0-9.]* OK'"
    assert host.sh(exposed.format(f"alert-threader@{SLOT}")) == host.sh(exposed.format("alert-threader@py-a"))
    host.lab.fleet.reboot(HOST)
    soon(lambda: both(host) == ("one", "one"))
    assert host.ask("survey") == {"py-a": None, SLOT: None}
    assert host.ask("drop", SLOT, host.token)["state"] == "dropped"
    assert host.sh(LEFT) == ""
    assert host.ask("drop", SLOT, host.token)["state"] == "dropped"
    assert both(host) == ("one", "")


def test_a_warm_slot_goes_by_itself_once_no_rollout_is_under_way(host: Helped):
    kept(host)
    begun = time.monotonic()
    assert host.ask("warm", SLOT, "2", host.token) == {"state": "warm", "reason": None}
    assert both(host) == ("one", "one")
    assert host.ask("release", host.token)["state"] == "released"
    soon(lambda: host.serves(SLOT_PORT) == "")
    assert time.monotonic() - begun > 1.8
    soon(lambda: host.sh(LEFT) == "")


def test_a_warm_slot_that_is_kept_again_stays(host: Helped):
    kept(host)
    assert host.ask("warm", SLOT, "2", host.token)["state"] == "warm"
    assert host.ask("keep", "py-a", str(SLOT_PORT), host.token)["state"] == "kept"
    assert host.sh("systemctl list-units --all --no-legend 'alert-threader-warm*'") == ""
    assert host.ask("release", host.token)["state"] == "released"
    time.sleep(2.5)
    assert both(host) == ("one", "one")


def test_neither_a_warm_slot_nor_one_that_nobody_confirmed_outlives_a_reboot(host: Helped):
    kept(host)
    assert host.ask("warm", SLOT, "600", host.token)["state"] == "warm"
    host.lab.fleet.reboot(HOST)
    soon(lambda: host.serves(PORT) == "one")
    assert host.sh(LEFT) == ""
    leased(host)
    assert host.ask("keep", "py-a", str(SLOT_PORT), host.token)["state"] == "kept"
    assert host.begin(SLOT, "one", host.token)["state"] == "healthy"
    host.lab.fleet.reboot(HOST)
    soon(lambda: host.serves(PORT) == "one")
    assert host.sh(LEFT) == ""


def test_a_slot_that_is_being_switched_is_dropped_at_once(host: Helped):
    assert host.ask("keep", "py-a", str(SLOT_PORT), host.token)["state"] == "kept"
    assert host.begin(SLOT, "one", host.token)["state"] == "healthy"
    begun = time.monotonic()
    assert host.ask("drop", SLOT, host.token)["state"] == "dropped"
    assert time.monotonic() - begun < 5
    assert host.sh(LEFT) == ""
    assert host.ask("keep", "py-a", str(SLOT_PORT), host.token)["state"] == "failed"  # a call that comes late


def test_who_was_superseded_makes_and_drops_none(host: Helped):
    kept(host)
    late = host.token
    leased(host)
    for words in (("keep", "py-a", str(SLOT_PORT)), ("drop", SLOT), ("warm", SLOT, "1")):
        assert host.ask(*words, late)["state"] == "superseded"
    assert host.sh(f"echo '{{}}' | /usr/local/lib/alert-threader/activate story {late}").startswith(
        '{"state": "superseded"'
    )
    assert both(host) == ("one", "one")


def test_what_a_rollout_did_and_what_is_wanted_of_it_lie_on_the_host(host: Helped):
    told = host.sh(f"""echo '{{"state": "held"}}' | /usr/local/lib/alert-threader/activate story {host.token}""")
    assert told == '{"state": "written"}\n'
    assert host.sh(f"cat /var/lib/alert-threader/stories/r{host.number}.json") == '{"state":"held"}\n'
    wanted = f'{{"rollout": "r{host.number}", "verb": "abort", "by": "alice@ci", "at": "T"}}'
    assert host.ask("request", f"'{wanted}'") == {"state": "requested"}
    assert host.ask("ask", host.token)["request"]["by"] == "alice@ci"
    assert host.sh("stat -c '%U %a' /var/lib/alert-threader/request.json /var/lib/alert-threader/stories") == (
        "root 644\nroot 755\n"
    )
    host.ask("drop", SLOT, host.token)
