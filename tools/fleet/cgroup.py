"""Control groups: the fleet's own subtree of cgroup2.

What is in a group is killed, frozen and counted by the kernel, never looked for by name.
"""

import functools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.fleet.errors import FleetError
from tools.fleet.kernel import detached_mount

PREFIX = "threader-fleet-"


@functools.cache
def root() -> Path:
    """Return this process's view of the cgroup2 tree, wherever (or whether) the machine has it mounted."""
    if os.geteuid() != 0:
        raise FleetError("the local fleet needs root", "sudo -i")
    try:
        return Path(f"/proc/self/fd/{detached_mount('cgroup2')}")
    except OSError as error:
        raise FleetError(
            f"no cgroup2 on this machine: {error}", "use a machine or a privileged container with cgroup2"
        ) from None


@dataclass(frozen=True)
class Group:
    """One control group; it need not exist."""

    path: Path

    def child(self, name: str) -> "Group":
        """Return the group `name` in this one."""
        return Group(self.path / name)

    def make(self) -> "Group":
        """Make it and what is above it."""
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    def populated(self) -> bool:
        """Tell whether a process lives in it or below."""
        return self._event("populated")

    def frozen(self) -> bool:
        """Tell whether all processes in it are frozen."""
        return self._event("frozen")

    def freeze(self, on: bool, patience: float = 5.0) -> None:
        """Freeze or thaw everything in it, and wait until it is so."""
        (self.path / "cgroup.freeze").write_text("1" if on else "0")
        self._wait(lambda: self.frozen() == on, patience, "is not frozen" if on else "is still frozen")

    def kill(self, patience: float = 10.0) -> None:
        """Kill everything in it and below at once, wait until it is gone, remove the group."""
        if not self.path.is_dir():
            return
        (self.path / "cgroup.kill").write_text("1")
        self._wait(lambda: not self.populated(), patience, "does not die")
        self._wait(self._removed, patience, "cannot be removed")

    def pids(self) -> frozenset[int]:
        """Return the processes in it and below."""
        return frozenset(pid for folder in self._folders() for pid in _pids(folder))

    def children(self) -> tuple["Group", ...]:
        """Return the groups in this one."""
        return tuple(Group(path) for path in sorted(self.path.iterdir()) if path.is_dir()) if self.path.is_dir() else ()

    def _folders(self) -> Iterator[Path]:
        for folder, _, _ in os.walk(self.path, topdown=False):
            yield Path(folder)

    def _event(self, name: str) -> bool:
        try:
            return f"{name} 1" in (self.path / "cgroup.events").read_text()
        except OSError:
            return False

    def _removed(self) -> bool:
        try:
            for folder in self._folders():
                folder.rmdir()
        except OSError:  # a process that just died keeps it for some milliseconds
            return False
        return True

    def _wait(self, done: Callable[[], bool], patience: float, complaint: str) -> None:
        until = time.monotonic() + patience
        while not done():
            if time.monotonic() > until:
                raise FleetError(f"control group {self.path.name} {complaint} (processes {sorted(self.pids())})")
            time.sleep(0.01)


def _pids(folder: Path) -> tuple[int, ...]:
    try:
        return tuple(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
    except OSError:
        return ()


def of_fleet(identity: str) -> Group:
    """Return the group that has all processes of one fleet."""
    return Group(root() / f"{PREFIX}{identity}")


def hosts_on_machine() -> int:
    """Count the running hosts of all fleets of this machine."""
    fleets = (Group(path) for path in root().glob(f"{PREFIX}*"))
    return sum(
        group.path.name.startswith("app-") and group.populated() for fleet in fleets for group in fleet.children()
    )
