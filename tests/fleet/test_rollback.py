"""Somebody goes back to the release before: without Pulumi, its backend and artifacts; it stays so until a --retry."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.fleet.answers import versions
from tests.fleet.deployment import Deployment, shown
from tests.fleet.records import current, pending, until
from tests.fleet.threader import threader
from tools.setup.paths import ROOT

pytestmark = pytest.mark.fleet
OLD, NEW = "1.0.0", "1.0.1"
ROLLING = {"strategy": "rolling", "confirm_within": 6, "drain": 0, "wait": 3}


@pytest.fixture(scope="module")
def deployed(converged: Deployment) -> Deployment:
    """The newer release runs, by a rolling deploy that waits between batches."""
    converged.change(rollout=ROLLING)
    converged.release(converged.lab.other)
    converged.apply().good()
    assert versions(converged) == [NEW] * 3
    return converged


@pytest.fixture(scope="module")
def back(deployed: Deployment) -> subprocess.CompletedProcess[str]:
    """`threader rollback`, as fast as can be."""
    return threader(deployed, "rollback", "--fast", "--json")


def alone(deployment: Deployment, *words: str) -> list[str]:
    """`threader WORDS` by way of the third host, with nothing of Pulumi around."""
    host = deployment.lab.fleet.host("app-3")
    files = ["--key", str(host.key), "--known-hosts", str(host.known_hosts)]
    return [sys.executable, "-m", "deploy.cli", *words, "--via", host.address, *files]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A command in an environment that knows no backend, no passphrase and no `pulumi`."""
    return subprocess.run(
        words,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PULUMI_BACKEND_URL": "file:///nonexistent"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def lost(*paths):
    """As if these files had never been."""
    for path in paths:
        path.rename(path.with_name(f"{path.name}.lost"))
    try:
        yield
    finally:
        for path in paths:
            path.with_name(f"{path.name}.lost").rename(path)


def test_the_fleet_is_back_within_seconds_on_what_the_hosts_kept(back, deployed: Deployment):
    assert back.returncode == 0, back.stdout
    report, _ = json.JSONDecoder().raw_decode(back.stdout[back.stdout.index("{\n") :])
    assert report["verdict"] == "done"
    assert report["to"]["versions"] == [OLD]
    assert versions(deployed) == [OLD] * 3
    print(f"rollback of 3 instances: {report['seconds']} s")
    assert report["seconds"] < 60


def test_history_tells_who_went_back(back, deployed: Deployment):
    newest, before, *_ = json.loads(threader(deployed, "history", "--json").stdout)
    assert (newest["purpose"], newest["verdict"], newest["versions"]) == ("rollback", "done", [OLD])
    assert (before["purpose"], before["verdict"], before["versions"]) == ("deploy", "done", [NEW])
    assert "rollback  1.0.0" in threader(deployed, "history").stdout


def test_status_is_content_and_tells_what_is_pinned(back, deployed: Deployment):
    done = threader(deployed, "status")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(f"went back from {NEW}-") == 3
    assert "3 of 3 instances are as they should be" in done.stdout


def test_the_next_preview_says_why_it_stays_so(back, deployed: Deployment):
    text = deployed.preview().good().text
    assert f"{NEW}-" in text
    assert "stays back: " in text
    assert "went back from it to " in text
    assert "next: change the release or a setting, or try it again: threader deploy --retry" in text


def test_the_same_up_is_refused_and_changes_nothing(back, deployed: Deployment):
    assert "went back from it to " in deployed.apply().failed().text
    assert versions(deployed) == [OLD] * 3


@pytest.fixture(scope="module")
def again(back, deployed: Deployment) -> subprocess.CompletedProcess[str]:
    """The same release, since somebody insists."""
    return threader(deployed, "deploy", "--retry", "--no-preview")


def test_a_retry_goes_and_ends_the_pin(again, deployed: Deployment):
    assert again.returncode == 0, again.stdout
    assert versions(deployed) == [NEW] * 3
    status = threader(deployed, "status")
    assert status.returncode == 0, status.stdout
    assert "pinned" not in status.stdout
    assert "stays back" not in status.stdout


def test_ctrl_c_in_the_middle_leaves_the_fleet_as_it_was(again, deployed: Deployment):
    with subprocess.Popen(
        alone(deployed, "rollback"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        until(lambda: OLD in current(deployed.lab, "app-1", "py-a") and not pending(deployed.lab, "app-1", "py-a"))
        os.killpg(process.pid, signal.SIGINT)
        text = process.communicate(timeout=90)[0].decode()
    assert process.returncode == 130, text
    assert "are back on what they ran before" in text
    assert versions(deployed) == [NEW] * 3
    assert threader(deployed, "status").returncode == 0


def test_a_host_that_does_not_answer_holds_it_up_unless_it_is_given_up(again, deployed: Deployment):
    deployed.lab.fleet.freeze("app-1")
    try:
        held = run(*alone(deployed, "rollback"))
        assert held.returncode == 1, held.stdout
        assert "nothing was changed: host app-1" in held.stdout
        assert "THREADER_LOST=app-1 threader rollback" in held.stdout
        gone = run("/usr/bin/env", "THREADER_LOST=app-1", *alone(deployed, "rollback", "--fast"))
        assert gone.returncode == 0, gone.stdout
    finally:
        deployed.lab.fleet.thaw("app-1")
    assert versions(deployed) == [NEW, OLD, OLD]


def test_one_host_is_enough_when_backend_and_artifacts_are_gone(again, deployed: Deployment):
    threader(deployed, "deploy", "--retry", "--no-preview")
    assert versions(deployed) == [NEW] * 3
    artifacts = [ROOT / shown(each) for each in (deployed.lab.good, deployed.lab.other)]
    with lost(deployed.stack.home / "pulumi", deployed.stack.file, *artifacts):
        broken = threader(deployed, "rollback")
        assert broken.returncode == 1
        assert "without Pulumi: threader rollback --via" in broken.stdout
        done = run(*alone(deployed, "rollback", "--to", OLD))
        assert done.returncode == 0, done.stdout
        assert f"the fleet is back on {OLD}" in done.stdout
        told = run(*alone(deployed, "history", "--limit", "1"))
        assert "rollback  1.0.0    done" in told.stdout
    assert versions(deployed) == [OLD] * 3
