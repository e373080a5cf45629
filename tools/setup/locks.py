"""Locks between set-ups that run at once. The kernel drops them with their process, however that ended."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from tools.setup.progress import Step


@contextlib.contextmanager
def held(path: Path, step: Step, other: str) -> Iterator[None]:
    """Hold the lock file `path`; while another process has it, show signs of life that say what `other` does."""
    with path.open("a") as file:
        doing = step.doing
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                step.doing = f"waiting: {other}"
                step.beat()
                time.sleep(0.1)
        step.doing = doing
        yield
