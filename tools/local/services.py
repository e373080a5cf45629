"""Services on this machine that the fleet's hosts use: Redis and the Slack stand-in, in the fleet's own control group.

So they go with the fleet, are never looked for by name, and belong to no other checkout.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.fleet import owner
from tools.fleet.errors import FleetError
from tools.fleet.fleet import Fleet
from tools.setup.paths import ROOT

REDIS_PORT: Final = 6379
SLACK_PORT: Final = 9077


def redis(fleet: Fleet) -> str:
    """A Redis that every host of the fleet reaches; its URL."""
    words = ["redis-server", "--bind", fleet.gateway, "--port", str(REDIS_PORT)]
    words += ["--save", "", "--appendonly", "no", "--protected-mode", "no", "--dir", str(owner.folder(fleet.state))]
    ensure(fleet, "redis", words, REDIS_PORT)
    return f"redis://{fleet.gateway}:{REDIS_PORT}/0"


def slack(fleet: Fleet) -> str:
    """A Slack stand-in that every host of the fleet reaches; the address of its page."""
    words = [sys.executable, "-m", "tools.slack", "--host", fleet.gateway, "--port", str(SLACK_PORT)]
    ensure(fleet, "slack", words, SLACK_PORT)
    return f"http://{fleet.gateway}:{SLACK_PORT}"


def ensure(fleet: Fleet, name: str, words: Sequence[str], port: int, patience: float = 20.0) -> None:
    """Start a service unless it runs, and wait until it answers; FleetError after `patience` seconds."""
    group = fleet.group.child(name)
    log = fleet.state / f"{name}.log"
    if not group.populated():
        group.make()
        with owner.give(_touched(log)).open("ab") as output:
            subprocess.Popen(
                words,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: _join(group.path),
            )
    until = time.monotonic() + patience
    while not _answers(fleet.gateway, port):
        if time.monotonic() > until:
            raise FleetError(f"{name} does not answer at {fleet.gateway}:{port}", f"less '{log}'")
        time.sleep(0.05)


def _join(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))


def _touched(path: Path) -> Path:
    path.touch()
    return path


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True
