"""What all fleet tests share: a folder, a fleet of real hosts, its services, releases, and secrets to look for."""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path

from tests.fleet.dropping import build_dropping
from tools.fleet import faults, names, packages, probe
from tools.fleet.fleet import Fleet
from tools.local import services
from tools.release.build import Artifact, build
from tools.release.variants import build_variant
from tools.setup import environment
from tools.setup.paths import ROOT

TESTS = ROOT / ".state" / "test"
MAIN = ("app-1", "app-2", "app-3")
"""The hosts of the stack that most tests share; the others of the fleet are `SPARE`."""
SPARE = ("app-4", "app-5", "app-6")
OTHER = "1.0.1"
"""The version of releases that differ from the threaders as they are in nothing else."""


def obstacle() -> str | None:
    """Why no fleet test can run on this machine, and what would make it run; None if they can."""
    if os.geteuid() != 0:
        return "a local fleet needs root: sudo make test"
    path = environment.environment(ROOT)["PATH"]
    if packages.missing() or not shutil.which("pulumi", path=path):
        return "the Pulumi CLI or Debian packages are missing: make setup"
    found = probe.problems(TESTS)
    return f"{'; '.join(found)}; a privileged container or a virtual machine can run them" if found else None


class Lab:
    """One session's fleet and what belongs to it; all of it is in `folder`, and `token` is in every name outside."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder, folder.name
        self.fleet = Fleet(folder / "fleet", f"test-{self.token}", say=lambda line: None)
        self.redis_password, self.digest_key = secrets.token_hex(12), secrets.token_hex(24)
        self.slack_token = f"xoxb-{secrets.token_hex(12)}"
        self.redis_url = self.slack = ""

    @property
    def secrets(self) -> dict[str, str]:
        """Everything that must never be seen, by what it is."""
        return {"Redis password": self.redis_password, "digest key": self.digest_key, "Slack token": self.slack_token}

    def start(self, count: int = 6) -> None:
        """Hosts and services."""
        self.fleet.up(count)
        address = services.redis(self.fleet)
        with socket.create_connection((self.fleet.gateway, services.REDIS_PORT), timeout=5) as redis:
            redis.sendall(f"CONFIG SET requirepass {self.redis_password}\r\n".encode())
            assert redis.recv(64).startswith(b"+OK")
        self.redis_url = address.replace("redis://", f"redis://:{self.redis_password}@")
        self.slack = services.slack(self.fleet)

    def blank(self, *hosts: str) -> None:
        """Make hosts as they were before anything was ever done to them."""
        for host in hosts:
            self.fleet.stop(host)
        self.fleet.up(len(self.fleet.hosts()))

    def whole(self, *hosts: str) -> None:
        """End every fault of the hosts, so that one test's mess is not the next one's."""
        for host in hosts:
            match self.fleet.host(host).state:
                case "stopped":
                    self.fleet.start(host)
                case "frozen":
                    self.fleet.thaw(host)
            self.fleet.mend(host)
            self.fleet.empty(host)

    def sh(self, host: str, script: str) -> str:
        """Run a shell script on a host as root, without SSH; its output."""
        return faults.inside(self._init(host), script)

    def inside(self, host: str, path: str) -> Path:
        """A path of a host as this machine sees it; links in it are those of the host only if they are relative."""
        return Path(f"/proc/{self._init(host)}/root{path}")

    def address(self, host: str) -> str:
        """Its address."""
        return self.fleet.host(host).address

    def _init(self, host: str) -> int:
        return faults.init_of(self.fleet.host_group(names.number(host)))

    @cached_property
    def good(self) -> Artifact:
        """The Python threader as it is."""
        return self.threader("python")

    @cached_property
    def other(self) -> Artifact:
        """The same under another version."""
        return self.threader("python", OTHER)

    def threader(self, impl: str, version: str | None = None) -> Artifact:
        """A threader as it is, or under another version."""
        return build(version, out=self.folder / "dist", impl=impl)

    def bad(self, kind: str, impl: str = "python") -> Artifact:
        """A release that is bad on purpose."""
        return build_variant(kind, self.folder / "dist", base=self.threader(impl))  # type: ignore[arg-type]

    def dropping(self, impl: str = "python") -> Artifact:
        """A release that is well by every health check, and drops one call to Slack in five."""
        return build_dropping(impl, self.folder / "dist")


@contextmanager
def session():
    """A lab with a folder of its own; what killed sessions of this checkout left is removed first."""
    TESTS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with (TESTS / "sessions").open("w") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            _remove_what_was_left()
            folder = TESTS / secrets.token_hex(2)
            folder.mkdir(mode=0o700)
            fcntl.flock(stack.enter_context(_lock(folder).open("w")), fcntl.LOCK_EX)
        stack.callback(_remove, folder)
        yield Lab(folder)


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove_what_was_left() -> None:
    """A session that lives holds its lock; every other folder is nobody's."""
    for lock in TESTS.glob("*.lock"):
        with lock.open() as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(lock.with_suffix(""))


def _remove(folder: Path) -> None:
    for state in folder.glob("fleet*"):
        Fleet(state, "left", say=lambda line: None).down()
    if os.environ.get("THREADER_KEEP_LOGS"):
        subprocess.run(["cp", "-r", folder / "log", f"/tmp/threader-test-{folder.name}"], check=False)
    for path in ROOT.glob(f"Pulumi.test-{folder.name}-*.yaml"):
        path.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    _lock(folder).unlink(missing_ok=True)
