"""Debian packages: only what is missing, no questions, safe to interrupt. Nothing here starts or touches a service."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.setup import command, packages
from tools.setup.errors import SetupError
from tools.setup.locks import held
from tools.setup.progress import Step

LOCK_WAIT_SECONDS = 300
LOCK = Path("/run/lock/alert-threader-apt.lock")
OPTIONS = ("-q", "-y", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_SECONDS}", "-o", "Dpkg::Use-Pty=0")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Files that maintainer scripts make must not be private to root, whatever the caller's umask is.
UMASK = 0o022


def environment() -> dict[str, str]:
    """Return the environment in which apt-get asks nothing; needrestart would restart services."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "LC_ALL": "C.UTF-8"}
    return {**os.environ, **quiet, "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"}


def install(step: Step, names: Sequence[str]) -> None:
    """Install packages. Fetching may be interrupted at any moment; unpacking, a few seconds, is finished first."""
    by_hand = "apt-get install -y --no-install-recommends " + " ".join(names)
    if not shutil.which("apt-get"):
        raise SetupError(f"missing: {' '.join(names)}, and there is no apt-get", "install them by your package manager")
    if os.geteuid() != 0:
        raise SetupError(f"missing packages need root: {' '.join(names)}", f"sudo {by_hand}")
    with held(LOCK, step, "another set-up installs packages"):
        _finish_what_was_interrupted(step)
        step.doing = f"installing {' '.join(names)}"
        try:
            if not known(names):
                _run(step, "update")
            _run(step, "install", "--download-only", "--no-install-recommends", *names)
        except SetupError:
            # The lists were older than the archive: fetch them and try once more.
            _run(step, "update")
            _run(step, "install", "--download-only", "--no-install-recommends", *names)
        packages.record(names)
        packages.mask(names)
        _run(step, "install", "--no-download", "--no-install-recommends", *names, finish=True)


def known(names: Sequence[str]) -> bool:
    """Tell whether the package lists on this machine have all of these."""
    done = subprocess.run(
        ["apt-cache", "policy", *names], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("Candidate:")]
    return len(lines) == len(set(names)) and "Candidate: (none)" not in lines


def _finish_what_was_interrupted(step: Step) -> None:
    if any(Path("/var/lib/dpkg/updates").glob("[0-9]*")) or _half_installed():
        step.doing = "finishing an interrupted installation"
        command.run(step, "apt", ["dpkg", "--configure", "-a"], env=environment(), umask=UMASK, finish=True)


def _half_installed() -> bool:
    return bool(subprocess.run(["dpkg", "--audit"], capture_output=True, text=True, check=False).stdout.strip())


def _run(step: Step, *words: str, finish: bool = False) -> None:
    argv = ["apt-get", *OPTIONS, *words]
    command.run(step, "apt", argv, env=environment(), umask=UMASK, finish=finish, after="apt-get update && make setup")
