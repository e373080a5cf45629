"""A link that breaks, or a host that reboots, in the middle of a switch: the host goes back by itself."""

import json

import pytest

from tests.fleet.answers import version_soon
from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tests.fleet.records import HOME, current, ledger, pending, until

pytestmark = pytest.mark.fleet


def test_a_host_cut_off_in_the_middle_of_a_switch_goes_back_by_itself(lab: Lab, converged: Deployment):
    old = current(lab, "app-2", "py-b")
    converged.release(lab.other)
    with converged.start("up", "--yes", "--skip-preview", "--suppress-progress") as process:
        until(lambda: current(lab, "app-2", "py-b") != old)
        lab.fleet.cut("app-2")
        until(lambda: not pending(lab, "app-2", "py-b"))  # with the link still cut
        assert current(lab, "app-2", "py-b") == old
        last = ledger(lab, "app-2", "py-b")[-1]
        assert last["verdict"] == "unconfirmed", last
        process.wait(90)
    text = process.output.read_text()  # type: ignore[attr-defined]
    assert process.returncode != 0, text
    assert "Traceback" not in text
    assert "rollout failed: " in text
    lab.fleet.mend("app-2")
    assert {version_soon(converged, host) for host in converged.hosts} == {lab.good.version}


def test_then_the_same_up_converges(lab: Lab, converged: Deployment):
    converged.apply().good()
    assert {version_soon(converged, host) for host in converged.hosts} == {lab.other.version}


def test_a_host_that_reboots_in_the_middle_of_a_switch_comes_up_with_what_it_ran_before(lab: Lab, converged):
    """The shared stack keeps several generations on each host by now: the helper is told to switch to the old one."""
    before = current(lab, "app-1", "py-a")
    older = lab.sh("app-1", f"cd {HOME}/py-a/generations && grep -l '\"1.0.0\"' */settings.json").split("/")[0]
    lease = json.loads(lab.inside("app-1", f"{HOME}/lease.json").read_text())
    helper, token = "/usr/local/lib/alert-threader/activate", f"{int(lease['token'].split(':')[0]) + 1}:test"
    assert json.loads(lab.sh("app-1", f"{helper} lease {token} 1 test deploy"))["state"] == "granted"
    begin = f"{helper} begin py-a {older} {token} 600 test deploy"
    assert json.loads(lab.sh("app-1", begin))["state"] == "healthy"
    assert version_soon(converged, "app-1") == lab.good.version
    lab.fleet.reboot("app-1")
    assert version_soon(converged, "app-1") == lab.other.version
    assert current(lab, "app-1", "py-a") == before
    assert ledger(lab, "app-1", "py-a")[-1]["verdict"] == "reverted"
    assert not pending(lab, "app-1", "py-a")
    converged.apply().good()
    assert converged.preview().good().unchanged
