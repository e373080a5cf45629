"""The operations of deploy/ops on real hosts: restarts in turn, cleaning, and what is collected for a diagnosis."""

import tarfile
from pathlib import Path

import pytest

from tests.fleet import listing
from tests.fleet.answers import version_soon
from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tests.fleet.leaks import Secrets
from tests.fleet.operations import good, pyinfra

pytestmark = pytest.mark.fleet
HOSTS = {"app-1": "py-a", "app-2": "py-b", "app-3": "py-c"}
HOME = "/var/lib/alert-threader"
OLDER = ("0.1-old", "0.2-old", ".0.3-old.new")
FAILS = "/run/systemd/system/alert-threader@py-b.service.d/fails.conf"


@pytest.fixture(scope="module")
def restarted(converged: Deployment) -> str:
    return good(pyinfra(converged, "restart_all", "-y"))


def moment(lab: Lab, host: str, name: str) -> int:
    """When a unit got somewhere, in microseconds of the one clock that all hosts share."""
    words = f"systemctl show --value -p {name}TimestampMonotonic 'alert-threader@{HOSTS[host]}'"
    return int(lab.sh(host, words))


def test_instances_are_restarted_in_turn_each_after_the_one_before_was_back(restarted: str, lab: Lab):
    left = {host: moment(lab, host, "ActiveExit") for host in HOSTS}
    back = {host: moment(lab, host, "ActiveEnter") for host in HOSTS}
    assert 0 < left["app-1"] < back["app-1"] < left["app-2"] < back["app-2"] < left["app-3"] < back["app-3"]
    assert [f"{name} on {host}: restarted" in restarted for host, name in HOSTS.items()] == [True] * 3


@pytest.fixture(scope="module")
def stopped(restarted: str, converged: Deployment):
    """One instance does not start any more."""
    lab = converged.lab
    before = {host: listing.processes(lab, host) for host in HOSTS}
    lab.sh("app-2", f"mkdir -p {Path(FAILS).parent}; printf '[Service]\\nExecStartPre=/bin/false\\n' > {FAILS}")
    lab.sh("app-2", "systemctl daemon-reload")
    done = pyinfra(converged, "restart_all", "-y")
    after = {host: listing.processes(lab, host) for host in HOSTS}
    refused = pyinfra(converged, "restart_all", "-y")
    lab.sh("app-2", f"rm {FAILS}; systemctl daemon-reload; systemctl reset-failed '*@py-b'; systemctl start '*@py-b'")
    version_soon(converged, "app-2")
    return done, {host for host in HOSTS if before[host] != after[host]}, refused


def test_the_first_that_does_not_come_back_ends_it(stopped):
    done, changed, _ = stopped
    assert done.returncode != 0
    assert "error: py-b on app-2 did not come back: " in done.stdout
    assert "; left alone: py-c; next: threader logs py-b" in done.stdout
    assert changed == {"app-1", "app-2"}


def test_while_one_is_unwell_none_is_restarted(stopped):
    _, _, refused = stopped
    assert refused.returncode != 0
    assert "nothing was restarted, since not all is well: py-b: " in refused.stdout


def test_one_alone_is_restarted_and_looked_at(stopped, converged: Deployment, lab: Lab):
    before = {host: listing.processes(lab, host) for host in HOSTS}
    good(pyinfra(converged, "restart", "-y", "--data", "instance=py-b"))
    assert [host for host in HOSTS if before[host] != listing.processes(lab, host)] == ["app-2"]
    told = good(pyinfra(converged, "diagnose", "-y", "--data", "instance=py-b"))
    assert '{"py-b": null}' in told


@pytest.fixture(scope="module")
def littered(stopped, converged: Deployment) -> dict[str, object]:
    """Two old generations, a half of one and an artifact on a host, and what is there beside them."""
    lab = converged.lab
    clean = listing.content(lab, "app-2")
    home, current = f"{HOME}/py-b/generations", f"{HOME}/py-b/current"
    copies = "; ".join(f"cp -a $(realpath {current}) {home}/{name}; touch -d '-9 days' {home}/{name}" for name in OLDER)
    lab.sh("app-2", f"{copies}; touch -d '-9 days' /var/cache/alert-threader/feed.tar.gz")
    return clean


@pytest.fixture(scope="module")
def dry(littered, converged: Deployment) -> str:
    return good(pyinfra(converged, "clean", "--dry", "--data", "keep=1"))


def test_a_dry_run_says_what_would_go_and_removes_nothing(dry: str, littered, lab: Lab):
    assert "app-2: would remove 4 with " in dry
    assert "app-1: would remove nothing" in dry
    assert [name in dry for name in (*OLDER, "feed.tar.gz")] == [True] * 4
    assert len(listing.content(lab, "app-2")) > len(littered)


def test_what_is_needed_no_more_goes_and_nothing_else(dry: str, littered, converged: Deployment):
    said = good(pyinfra(converged, "clean", "-y", "--data", "keep=1"))
    assert "app-2: removed 4 with " in said
    assert listing.changed(littered, listing.content(converged.lab, "app-2")) == []
    assert "would remove nothing" in good(pyinfra(converged, "clean", "--dry", "--data", "keep=1"))


@pytest.fixture(scope="module")
def archives(dry: str, converged: Deployment, tmp_path_factory) -> dict[str, Path]:
    """What was collected of each host, after an instance had told its secret to its journal."""
    lab, folder = converged.lab, tmp_path_factory.mktemp("diagnostics")
    token = f"{HOME}/py-a/current/env"
    tell = f"systemd-run --quiet --wait -p EnvironmentFile={token} -p StandardOutput=journal --unit={{unit}} env"
    lab.sh("app-1", tell.format(unit="alert-threader-activate-py-a"))
    good(pyinfra(converged, "collect", "-y", "--data", f"into={folder}"))
    found = {path.name.removesuffix(".tar.gz").partition("-")[2].partition("-")[2]: path for path in folder.iterdir()}
    assert found.keys() == HOSTS.keys()
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_of_each_host_much_is_told_and_only_its_owner_may_read_it(archives, host: str):
    path = archives[host]
    assert path.stat().st_mode & 0o777 == 0o600
    texts = contents(path)
    top, name = path.name.removesuffix(".tar.gz"), HOSTS[host]
    assert f"Id=alert-threader@{name}.service" in texts[f"{top}/units.txt"]
    assert ":9009" in texts[f"{top}/listening.txt"]
    assert "SLACK_BOT_TOKEN" in texts[f"{top}/{name}/variables.txt"]
    assert '"confirmed"' in texts[f"{top}/{name}/ledger.jsonl"]
    assert "/health: 200" in texts[f"{top}/{name}/answers.txt"]


@pytest.mark.parametrize("host", HOSTS)
def test_no_secret_is_told(archives, lab: Lab, host: str):
    told = "\n".join(contents(archives[host]).values())
    assert Secrets(lab.secrets).seen(told.encode()) == []


def test_a_secret_that_was_in_a_journal_is_masked_there(archives, lab: Lab):
    assert lab.slack_token in lab.sh("app-1", "journalctl --no-pager -u alert-threader-activate-py-a")
    journal = next(text for name, text in contents(archives["app-1"]).items() if name.endswith("py-a/journal.txt"))
    assert "SLACK_BOT_TOKEN=[SLACK_BOT_TOKEN]" in journal


def contents(path: Path) -> dict[str, str]:
    """The files of an archive by name."""
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read().decode() for member in tar.getmembers()}
