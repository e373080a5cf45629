"""Other ways to a host than root at its address: a user with sudo, and what ~/.ssh/config says of an alias."""

from pathlib import Path

import pytest

from tests.fleet.answers import version_soon
from tests.fleet.deployment import Deployment, Done
from tests.fleet.lab import Lab
from tools.fleet.host import HostInfo

pytestmark = pytest.mark.fleet
HOSTS = ("app-4", "app-5")


def ssh_config(jump: HostInfo, behind: HostInfo) -> str:
    """What an operator would have in ~/.ssh/config: `behind` is reached through `jump`."""
    files = f"  IdentityFile {behind.key}\n  UserKnownHostsFile {behind.known_hosts}\n"
    ways = (("jump", jump, "  User root\n"), ("behind", behind, "  ProxyJump jump\n"))
    return "".join(f"Host {alias}\n  HostName {host.address}\n{more}{files}" for alias, host, more in ways)


@pytest.fixture(scope="module")
def home(lab: Lab, tmp_path_factory) -> Path:
    """A home folder of an operator."""
    folder = tmp_path_factory.mktemp("home")
    (folder / ".ssh").mkdir(mode=0o700)
    (folder / ".ssh" / "config").write_text(ssh_config(*(lab.fleet.host(name) for name in HOSTS)))
    return folder


@pytest.fixture(scope="module")
def deployment(spare) -> Deployment:
    """app-4 as user ops, app-5 by its alias alone."""
    made = spare("access", HOSTS)
    first, second = made.config()["hosts"]
    made.change(hosts=[{**first, "user": "ops"}, {"name": second["name"], "address": "behind"}])
    return made


@pytest.fixture(scope="module")
def done(deployment: Deployment, home: Path) -> Done:
    return deployment.up(environ={"HOME": str(home)}).good()


def test_a_user_with_sudo_and_a_host_behind_another_converge(done: Done, deployment: Deployment):
    assert [version_soon(deployment, host) for host in HOSTS] == [deployment.lab.good.version] * 2


def test_a_second_up_changes_nothing_with_one_exec_a_host_and_phase(done: Done, deployment: Deployment, home: Path):
    second = deployment.up(environ={"HOME": str(home)}).good()
    assert second.unchanged
    assert second.execs == 2 * (dict.fromkeys(HOSTS, 1),)


def test_the_first_host_was_only_ever_entered_as_that_user(done: Done, lab: Lab):
    log = lab.sh("app-4", "journalctl --no-pager -o cat -t sshd")
    inside = lab.address("app-4").rpartition(".")[0]
    assert f"Accepted publickey for ops from {inside}.1 " in log


def test_the_host_behind_was_entered_from_the_one_before_it(done: Done, lab: Lab):
    log = lab.sh("app-5", "journalctl --no-pager -o cat -t sshd | grep Accepted | tail -1")
    assert f"Accepted publickey for root from {lab.address('app-4')} " in log


def test_what_sudo_logs_has_no_secret(done: Done, lab: Lab):
    log = lab.sh("app-4", "journalctl --no-pager -o cat -t sudo")
    assert "COMMAND=" in log
    assert [what for what, value in lab.secrets.items() if value in log] == []


def test_destroy_goes_the_same_ways(done: Done, deployment: Deployment, home: Path):
    deployment.destroy(environ={"HOME": str(home)}).good()
    ours = "ls -d /etc/alert-threader.d /usr/local/lib/alert-threader 2>/dev/null || :"
    assert [deployment.lab.sh(host, ours) for host in HOSTS] == ["", ""]
