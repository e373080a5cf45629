"""A rollout that is broken at a boundary: its controller stops there, a fault is made, and what comes of it is told.

The controllers are those of `controller.py`, over generations that lie ready on the hosts.
"""

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.fleet.deployment import Deployment
from tests.fleet.dice import SEED
from tests.fleet.edges import post
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tools.load.repeating import repeating
from tools.setup.paths import ROOT

CONFIRM_WITHIN = 5
KNOWN_WITHIN = 30.0
PATIENCE = 120.0
PAUSE = 0.1
_LOOK = """
import glob, json, os, subprocess, urllib.request
direct, found = urllib.request.build_opener(urllib.request.ProxyHandler({})), {}
def well(name, folder):
    units = [f"alert-threader@{name}", f"alert-threader-activate-{name}"]
    states = subprocess.run(["systemctl", "is-active", *units], capture_output=True, text=True).stdout.split()
    if states != ["active", "inactive"]:
        return f"units are {states}"
    try:
        direct.open(json.load(open(f"{folder}/current/settings.json"))["health"], timeout=2).close()
    except (OSError, ValueError) as error:
        return str(error)
for folder in sorted(glob.glob("/var/lib/alert-threader/*/generations")):
    folder = os.path.dirname(folder)
    name, link = os.path.basename(folder), f"{folder}/current"
    generation = os.path.basename(os.readlink(link)) if os.path.islink(link) else None
    why = "is being switched" if os.path.exists(f"{folder}/pending.json") else None
    nowhere = None if name.endswith("--prev") else "runs nowhere"
    found[name] = [generation, why or (well(name, folder) if generation else nowhere)]
print(json.dumps(found))
"""


class Controller:
    """A process that leads a fleet; what it says is in its file."""

    def __init__(self, process: subprocess.Popen[bytes], file: Path) -> None:
        self._process, self._file = process, file

    @property
    def lines(self) -> list[str]:
        """What it has said."""
        return self._file.read_text().splitlines()

    def stopped(self) -> bool:
        """Whether it has stopped itself."""
        assert self._process.poll() is None, self._file.read_text()
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def kill(self) -> None:
        """It is gone before it does anything more; its worker ends once it hears of that."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wake(self) -> None:
        """Let it go on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def ended(self) -> str:
        """Its last line, once it has ended."""
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(self._file.read_text()) from None
        text = self._file.read_text()
        assert "Traceback" not in text, text
        return text.strip().splitlines()[-1]

    def go_on(self) -> str:
        """Wake it up; what it says last."""
        self.wake()
        return self.ended()


class Controllers:
    """Starts them for a stack: what was rejected is tried again."""

    def __init__(self, deployment: Deployment) -> None:
        self._folder = deployment.lab.folder / "log"
        self._environ = {**deployment.stack.environ(), "THREADER_RETRY": "1", "PYTHONPATH": str(ROOT)}
        self._name, self._numbers = deployment.stack.name, count()

    def start(self, old: Mapping[str, object], new: Mapping[str, object], stop: object = None) -> Controller:
        """One that leads the fleet from the inputs `old` to `new`, and stops at a boundary."""
        file = self._folder / f"controller-{self._name}-{next(self._numbers)}"
        file.with_suffix(".json").write_text(json.dumps({"old": old, "new": new, "stop": stop}))
        with file.open("wb") as output:
            words = [sys.executable, "-m", "tests.fleet.controller", str(file.with_suffix(".json"))]
            process = subprocess.Popen(
                words, cwd=ROOT, env=self._environ, stdout=output, stderr=output, start_new_session=True
            )
        return Controller(process, file)


@dataclass(frozen=True)
class Run:
    """What an instance, or a second slot, was found to run; `ill` is why it is not in a known state, or None."""

    generation: str | None
    ill: str | None

    @property
    def version(self) -> str:
        """Of its generation."""
        return (self.generation or "nothing").partition("-")[0]


def found(lab: Lab, *hosts: str) -> dict[str, Run]:
    """What is on hosts; one is in a known state when no switch is under way, its unit runs, and it is well.

    So is a second slot that nobody confirmed: it runs nothing.
    """
    looks = (json.loads(lab.sh(host, shlex.join(["python3", "-c", _LOOK]))) for host in hosts)
    return {name: Run(*each) for look in looks for name, each in look.items()}


def known(lab: Lab, *hosts: str) -> bool:
    """Whether all of it is."""
    return all(each.ill is None for each in found(lab, *hosts).values())


def cut_off(lab: Lab, host: str, controller: Controller) -> str:
    """The link of the host is cut for longer than its switch waits to be confirmed; what the controller says."""
    lab.fleet.cut(host)
    controller.wake()
    time.sleep(CONFIRM_WITHIN + 1)
    until(lambda: known(lab, host), KNOWN_WITHIN, 0.2)
    lab.fleet.mend(host)
    return controller.ended()


def rebooted(lab: Lab, host: str, controller: Controller) -> str:
    """The host reboots in good order."""
    lab.fleet.reboot(host)
    return controller.go_on()


def disk_full(lab: Lab, host: str, controller: Controller) -> str:
    """Not a byte is left on the host's /var, until all is over."""
    lab.fleet.fill(host)
    return controller.go_on()


class Posting:
    """A context in which each edge is posted to again and again, over a connection of its own each time."""

    def __init__(self, lab: Lab, edges: tuple[str, ...], alert: str) -> None:
        self._lab, self._alert = lab, alert
        self._answers: dict[str, Counter[object]] = {edge: Counter() for edge in edges}
        self._posting = repeating(self._posted, edges, PAUSE)

    def __enter__(self) -> "Posting":
        self._posting.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._posting.__exit__(None, None, None)

    @property
    def answers(self) -> dict[str, dict[object, int]]:
        """How often each edge gave each status, or failed in which words."""
        return {edge: dict(counted) for edge, counted in self._answers.items()}

    def _posted(self, edge: str) -> None:
        try:
            self._answers[edge][post(self._lab, edge, self._alert)] += 1
        except (OSError, http.client.HTTPException) as error:
            self._answers[edge][repr(error)] += 1


def printed(tell: Callable[[str], None], title: str) -> Iterator[list[str]]:
    """For a fixture: rows that are told in the end."""
    rows: list[str] = []
    yield rows
    tell("\n  ".join([f"{title}, THREADER_SEED={SEED}:", *rows]))


def soon(what: Callable[[], bool], patience: float = 5.0) -> bool:
    """Whether something holds within a while."""
    end = time.monotonic() + patience
    while not what() and time.monotonic() < end:
        time.sleep(0.1)
    return what()
