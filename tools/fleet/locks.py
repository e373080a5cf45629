"""Locks between commands and between checkouts: flock, with a sign of life while waiting."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.fleet.errors import FleetError

Say = Callable[[str], None]
MACHINE = Path("/run/alert-threader")
"""What all checkouts on this machine share; root's own, gone after a reboot."""


@contextmanager
def held(path: Path, what: str, say: Say, patience: float = 600.0, beat: float = 5.0) -> Iterator[None]:
    """Hold the lock file `path`; while another process has it say so every `beat` seconds, give up after `patience`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        began = told = time.monotonic()
        while not _taken(file.fileno()):
            now = time.monotonic()
            if now - began > patience:
                raise FleetError(f"{what}: process {_holder(path)} has held {path} for {patience:.0f} s")
            if now - told >= beat:
                told = now
                say(f"{what}: waiting for process {_holder(path)} ({now - began:.0f} s)")
            time.sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    return path.read_text().strip() or "?"
