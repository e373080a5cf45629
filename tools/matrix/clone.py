"""A fresh clone of this checkout's last commit, and what can be asked of it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.setup.environment import OURS
from tools.setup.paths import ROOT

PATIENCE_SECONDS = 900.0


class CaseError(Exception):
    """What went wrong in a case, and the log to read."""


@dataclass
class Clone:
    """A clone of its own, with its own state and fleet. `user` owns it: then make runs as under that user's sudo."""

    folder: Path
    umask: int = 0o022
    user: int = 0

    def environment(self) -> Mapping[str, str]:
        """Return a login shell's environment: nothing of the checkout that the matrix runs in."""
        drop = {"VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
        own = [name for name in os.environ if name.startswith((OURS, "PULUMI_")) or name in drop]
        env = {name: value for name, value in os.environ.items() if name not in own}
        env["PATH"] = os.pathsep.join(part for part in env["PATH"].split(os.pathsep) if ".venv" not in part)
        return {**env, "SUDO_UID": str(self.user), "SUDO_GID": str(self.user)} if self.user else env

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start make without a terminal, in a session of its own so that it can be interrupted as a whole."""
        return subprocess.Popen(
            ["make", *words],
            cwd=self.folder,
            env=dict(self.environment()),
            umask=self.umask,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, *words: str) -> str:
        """Run make to its end and return what it printed; raise CaseError when it fails."""
        return self.finish(self.start(*words), *words)

    def finish(self, run: "subprocess.Popen[str]", *words: str) -> str:
        """Wait for a started make."""
        said = run.communicate(timeout=PATIENCE_SECONDS)[0]
        if run.returncode != 0:
            raise CaseError(f"make {' '.join(words)} ended with {run.returncode}:\n{said[-3000:]}")
        return said

    def interrupted(self, line: int, delay: float, *words: str) -> bool:
        """Press Ctrl-C `delay` seconds after make has printed that many lines; tell whether it was in time."""
        run = self.start(*words)
        assert run.stdout
        for _ in range(line):
            if not run.stdout.readline():
                self.finish(run, *words)
                return False
        time.sleep(delay)
        in_time = run.poll() is None
        if in_time:
            os.killpg(run.pid, signal.SIGINT)
        run.communicate(timeout=PATIENCE_SECONDS)
        return in_time

    def check_clean(self) -> None:
        """Raise CaseError unless git sees no change and, in a user's clone, nothing belongs to root."""
        # Without optional locks: else git, run by root, would write the index of a user's clone.
        words = ["git", "--no-optional-locks", "status", "--short"]
        env = dict(self.environment())
        status = subprocess.run(words, cwd=self.folder, env=env, capture_output=True, text=True, check=True)
        if status.stdout:
            raise CaseError(f"git status is not clean:\n{status.stdout}")
        roots = [str(path) for path in self.folder.rglob("*") if self.user and path.lstat().st_uid == 0]
        if roots:
            raise CaseError("root owns: " + ", ".join(roots[:5]))

    def running(self) -> list[str]:
        """Return the command lines of processes that have the clone's folder in them."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in words:
                found.append(words.strip())
        return found


def give(folder: Path, user: int) -> None:
    """Hand a folder and all in it to a user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


@contextmanager
def fresh(name: str = "fleet", umask: int = 0o022, user: int = 0, target: str = "setup") -> Iterator[Clone]:
    """Clone into a temporary folder under `name`; at the end take down what the target brought up and remove it."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as base:
        Path(base).chmod(0o755)
        folder = Path(base) / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "-q", ROOT, folder], check=True, umask=umask)
        if user:
            give(folder, user)
        clone = Clone(folder, umask, user)
        try:
            yield clone
        finally:
            _put_away(clone, target)


def _put_away(clone: Clone, target: str) -> None:
    try:
        if target == "demo":
            clone.make("demo-down")
        clone.check_clean()
        left = clone.running()
        if left:
            raise CaseError("still running: " + "; ".join(left[:5]))
    finally:
        shutil.rmtree(clone.folder, ignore_errors=True)


Case = Callable[[str], None]
