"""What can be known for certain about processes of this machine."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """A machine: its host name, when it booted, and a function that tells why a process PID named NAME is gone."""

    name: str
    booted: datetime
    gone: Callable[[int, str], str | None]


def this_machine() -> Machine:
    """The one that we are on; where its boot can not be told, nothing counts as older than that."""
    return Machine(socket.gethostname(), booted(), gone)


def booted() -> datetime:
    """When this machine booted, some seconds early rather than late, since clocks get corrected."""
    try:
        seconds = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError):
        return datetime.fromtimestamp(0, UTC)
    return datetime.fromtimestamp(time.time(), UTC) - timedelta(seconds=seconds + 60)


def gone(pid: int, name: str) -> str | None:
    """Why no process of that number and name can be alive, or None when there is one, or any doubt."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "there is no such process"
    except (PermissionError, OverflowError):
        pass
    try:
        found = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None
    return None if found == name else f"that process is {found} now"
