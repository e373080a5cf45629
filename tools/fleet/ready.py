"""Wait until hosts have booted: ssh answers and systemd has started everything."""

import queue
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.fleet import ssh
from tools.fleet.errors import FleetError
from tools.fleet.host import HostInfo
from tools.fleet.locks import Say

PATIENCE = 90.0
BEAT = 5.0
HOPELESS = ("Host key verification failed", "root@")
"""ssh's last words where waiting does not help; after `root@` comes "Permission denied"."""


@dataclass(frozen=True)
class Waited:
    """A host that is being waited for: `alive` tells whether its processes exist, `log` is its console."""

    host: HostInfo
    alive: Callable[[], bool]
    log: Path


def wait(hosts: Sequence[Waited], say: Say, patience: float = PATIENCE) -> None:
    """Wait for all of `hosts`, a line for each as it becomes ready; FleetError names those that do not."""
    began = time.monotonic()
    stop = threading.Event()
    answers: queue.Queue[tuple[Waited, str]] = queue.Queue()
    for one in hosts:
        threading.Thread(target=_watch, args=(one, stop, answers, began + patience), daemon=True).start()
    pending, failed = {one.host.name for one in hosts}, []
    try:
        while pending:
            try:
                one, state = answers.get(timeout=BEAT)
            except queue.Empty:
                say(f"waiting for {', '.join(sorted(pending))} ({time.monotonic() - began:.0f} s)")
                continue
            pending.remove(one.host.name)
            say(f"{one.host.name:8} {one.host.address:15} {state} ({time.monotonic() - began:.1f} s)")
            if state not in ("running", "degraded"):
                failed.append(one)
    finally:
        stop.set()
    if failed:
        names = ", ".join(sorted(one.host.name for one in failed))
        look = f"less {shlex.quote(str(failed[0].log))}"
        again = f"python -m tools.fleet stop {failed[0].host.name}, then up again (makes it blank)"
        raise FleetError(f"{names}: did not boot: {_last_words(failed[0].log)}", f"{look}; {again}")


def _last_words(log: Path) -> str:
    try:
        return log.read_text(errors="replace").strip().splitlines()[-1]
    except (OSError, IndexError):
        return "its console says nothing"


def _watch(one: Waited, stop: threading.Event, answers: "queue.Queue[tuple[Waited, str]]", until: float) -> None:
    state, words = "", ""
    while not stop.is_set() and not state:
        if not one.alive():
            state = "stopped while booting"
        elif time.monotonic() > until or words.startswith(HOPELESS):
            state = f"does not answer{words and ': ' + words}"
        elif _listens(one.host.address):
            state, words = _system_state(one.host)
        if not state:
            stop.wait(0.1)
    answers.put((one, state))


def _listens(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _system_state(host: HostInfo) -> tuple[str, str]:
    """Return systemd's word for it, or nothing and the last words of ssh."""
    try:
        done = ssh.run(host, "systemctl", "is-system-running", "--wait", timeout=60)
    except subprocess.TimeoutExpired:
        return "", "ssh got no answer within 60 s"
    return done.stdout.strip(), "".join(done.stderr.strip().splitlines()[-1:])
