"""A rollout that is broken at a boundary between two of its steps: every instance runs old or new, and all goes on.

Eight pairs of a boundary and a fault are tried, other ones in each run (THREADER_SEED=N repeats a run);
THREADER_ALL=1 tries all 75 (`make test-boundaries`). A table of what came of them is printed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path

import pytest

from deploy.rollout.order import make_plan
from deploy.rollout.plan import Limits, Target
from tests.fleet import listing
from tests.fleet.controller import boundaries
from tests.fleet.deployment import Deployment
from tests.fleet.dice import SEED
from tests.fleet.edges import behind, states
from tests.fleet.records import HOME, current, ledger, pending, until
from tools.setup.paths import ROOT

pytestmark = pytest.mark.fleet
LAYOUT = {"go-a": ("app-4", 9009), "go-b": ("app-5", 9009), "go-c": ("app-6", 9009)}
EDGE = "app-4"
HOSTS = [host for host, _ in LAYOUT.values()]
CONFIRM_WITHIN = 5
KNOWN_WITHIN = 30.0
PATIENCE = 90.0
FAULTS = ("killed", "superseded", "cut off", "rebooted", "disk full")

_TARGETS = [Target(dict.fromkeys(LAYOUT, each), {name: host for name, (host, _) in LAYOUT.items()}) for each in "xy"]
BOUNDARIES = boundaries(make_plan(*_TARGETS, limits=Limits(1, 1)))


def chosen() -> list[tuple[int, str]]:
    """The pairs that are tried: a boundary's number and a fault."""
    if os.environ.get("THREADER_ALL"):
        return list(product(range(len(BOUNDARIES)), FAULTS))
    dice = random.Random(SEED)
    return list(zip(dice.sample(range(len(BOUNDARIES)), 8), [*FAULTS, *dice.sample(FAULTS, 3)], strict=True))


@dataclass(frozen=True)
class Case:
    """What is tried: at a boundary of the rollout from `before` to `wanted`; `third` is for another controller."""

    number: int
    fault: str
    before: str
    wanted: str
    third: str

    @property
    def host(self) -> str:
        """The host of the step that the boundary belongs to."""
        return LAYOUT[BOUNDARIES[self.number][0]][0]


@dataclass(frozen=True)
class Outcome:
    """What came of it: what each instance ran, how the controller ended, the seconds until then, and afterwards.

    `admitted` says whether the edge sends to all of them in the end; `extra` is what changed on
    hosts once a controller woke up that another had superseded.
    """

    case: Case
    ran: dict[str, str]
    ended: str
    seconds: float
    extra: list[str]
    converged: tuple[str, dict[str, str], float]
    admitted: bool

    def row(self) -> str:
        """A line of the table."""
        name, state = BOUNDARIES[self.case.number]
        what = {self.case.before: "old", self.case.wanted: "new", self.case.third: "third"}
        ran = " ".join(what.get(each, each) for each in self.ran.values())
        said, _, seconds = self.converged
        well = f"once more {seconds:.1f} s" if said == "done" else "NOT CONVERGED"
        return f"{name} {state:<10} {self.case.fault:<11} {ran:<18} {self.seconds:5.1f} s  {well:<17} {self.ended[:60]}"


class Fleet:
    """Three instances on three hosts, with three generations that lie ready on each; controllers without an engine."""

    def __init__(self, deployment: Deployment, generations: list[str], inputs: dict) -> None:
        self.lab, self._inputs = deployment.lab, inputs
        self.generations = generations
        self._environ = {**deployment.stack.environ(), "THREADER_RETRY": "1", "PYTHONPATH": str(ROOT)}
        self._numbers = count()
        self._turn = 0

    def case(self, number: int, fault: str) -> Case:
        """The next one: the fleet runs one generation whole."""
        before, wanted, third = (self.generations[(self._turn + more) % 3] for more in range(3))
        self._turn += 2 if fault == "superseded" else 1
        return Case(number, fault, before, wanted, third)

    def start(self, old: str, new: str, stop: int | None = None) -> tuple[subprocess.Popen[bytes], Path]:
        """A controller that leads the fleet from `old` to `new`, and the file that it writes to."""
        file = self.lab.folder / "log" / f"controller-{next(self._numbers)}"
        names = LAYOUT.keys()
        request = {
            "old": {**self._inputs, "instances": dict.fromkeys(names, old) | self._named(old)},
            "new": {**self._inputs, "instances": self._named(new)},
            "stop": stop,
        }
        file.with_suffix(".json").write_text(json.dumps(request))
        with file.open("wb") as output:
            words = [sys.executable, "-m", "tests.fleet.controller", str(file.with_suffix(".json"))]
            process = subprocess.Popen(
                words, cwd=ROOT, env=self._environ, stdout=output, stderr=output, start_new_session=True
            )
        return process, file

    def lead(self, old: str, new: str) -> str:
        """A controller that nobody disturbs; what it said last."""
        process, file = self.start(old, new)
        return ended(process, file)

    def _named(self, turn: str) -> dict[str, str]:
        return {name: f"{turn}-{self.hashes[turn][name]}" for name in LAYOUT}

    hashes: dict[str, dict[str, str]]

    def running(self) -> dict[str, str]:
        """The version that `current` of each instance leads to."""
        links = {name: current(self.lab, host, name) for name, (host, _) in LAYOUT.items()}
        return {name: link.removeprefix("generations/").partition("-")[0] for name, link in links.items()}

    def settled(self, name: str) -> bool:
        """Whether an instance is in a known state: no switch is under way, its unit runs, and it is well."""
        host, port = LAYOUT[name]
        units = f"systemctl is-active alert-threader@{name} alert-threader-activate-{name} || :"
        if pending(self.lab, host, name) or self.lab.sh(host, units).split() != ["active", "inactive"]:
            return False
        words = f"curl -sf --max-time 2 -o /dev/null http://127.0.0.1:{port}/health && echo ok || :"
        return self.lab.sh(host, words).strip() == "ok"

    def known(self) -> bool:
        """Whether the whole fleet is."""
        return all(self.settled(name) for name in LAYOUT)

    def admitted(self, patience: float = 5.0) -> bool:
        """Whether the edge soon finds all of them up, and keeps none out."""
        end = time.monotonic() + patience
        while set(states(self.lab, EDGE).values()) != {"UP"} and time.monotonic() < end:
            time.sleep(0.1)
        return list(states(self.lab, EDGE).values()) == ["UP"] * len(LAYOUT)

    def exact(self) -> dict[str, object]:
        """Everything of ours on the hosts with inodes and times, but for the list of rollouts."""
        return {
            f"{host} {path}": what
            for host in HOSTS
            for path, what in listing.exact(self.lab, host).items()
            if path not in (HOME, f"{HOME}/rollouts.jsonl")
        }


def stopped(process: subprocess.Popen[bytes], file: Path) -> bool:
    """Whether a process has stopped itself."""
    assert process.poll() is None, file.read_text()
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def ended(process: subprocess.Popen[bytes], file: Path) -> str:
    """The last line of a controller, once it has ended."""
    try:
        process.wait(PATIENCE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    text = file.read_text()
    assert "Traceback" not in text, text
    return text.strip().splitlines()[-1]


def killed(fleet: Fleet, case: Case, go_on: Callable[[], str]) -> tuple[str, list[str]]:
    """The controller is gone before it does anything more; the process is the caller's to kill."""
    return "killed", []


def superseded(fleet: Fleet, case: Case, go_on: Callable[[], str]) -> tuple[str, list[str]]:
    """Another controller takes over, and finishes something else; then the first one wakes up."""
    assert fleet.lead(case.before, case.third) == "done"
    before = fleet.exact()
    said = go_on()
    return said, listing.changed(before, fleet.exact())


def cut_off(fleet: Fleet, case: Case, go_on: Callable[[], str]) -> tuple[str, list[str]]:
    """The link of the host is cut for longer than its switch waits to be confirmed."""
    fleet.lab.fleet.cut(case.host)
    woken = go_on.begin()  # type: ignore[attr-defined]
    time.sleep(CONFIRM_WITHIN + 1)
    name = BOUNDARIES[case.number][0]
    until(lambda: fleet.settled(name), KNOWN_WITHIN, 0.2)
    fleet.lab.fleet.mend(case.host)
    return woken(), []


def rebooted(fleet: Fleet, case: Case, go_on: Callable[[], str]) -> tuple[str, list[str]]:
    """The host reboots in good order."""
    fleet.lab.fleet.reboot(case.host)
    return go_on(), []


def disk_full(fleet: Fleet, case: Case, go_on: Callable[[], str]) -> tuple[str, list[str]]:
    """Not a byte is left on the host's /var, until all is over."""
    fleet.lab.fleet.fill(case.host)
    return go_on(), []


HAPPENS = dict(zip(FAULTS, (killed, superseded, cut_off, rebooted, disk_full), strict=True))


class GoOn:
    """Wakes the controller up; what it said last."""

    def __init__(self, process: subprocess.Popen[bytes], file: Path) -> None:
        self._process, self._file = process, file

    def begin(self) -> Callable[[], str]:
        """Wake it up, and let it do what it can."""
        os.killpg(self._process.pid, signal.SIGCONT)
        return lambda: ended(self._process, self._file)

    def __call__(self) -> str:
        return self.begin()()


def tried(fleet: Fleet, case: Case) -> Outcome:
    """Break a rollout at the boundary, look what comes of it, and do it once more."""
    process, file = fleet.start(case.before, case.wanted, case.number)
    try:
        until(lambda: stopped(process, file), PATIENCE)
        name, state = BOUNDARIES[case.number]
        assert file.read_text().splitlines()[-1] == f"at {case.number} {name} {state}"
        begun = time.monotonic()
        if case.fault == "killed":
            os.killpg(process.pid, signal.SIGKILL)
        said, extra = HAPPENS[case.fault](fleet, case, GoOn(process, file))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    until(fleet.known, KNOWN_WITHIN, 0.2)
    seconds, ran = time.monotonic() - begun, fleet.running()
    fleet.lab.whole(*HOSTS)
    goal = case.third if case.fault == "superseded" else case.wanted
    again = time.monotonic()
    last = fleet.lead(case.before, goal)
    converged = (last, fleet.running(), time.monotonic() - again)
    return Outcome(case, ran, said, seconds, extra, converged, fleet.admitted())


@pytest.fixture(scope="module")
def fleet(spare, request):
    """Generations 1, 2 and 3 of each instance, of which the first runs."""
    made = behind(spare("boundaries"), (EDGE,), LAYOUT, "go")
    made.change(rollout={"confirm_within": CONFIRM_WITHIN, "drain": 2})
    artifact = made.lab.threader("go")
    found = {}
    for turn in ("2", "3", "1"):
        made.release(artifact, version=turn, deadline=5)
        made.apply().good()
        found[turn] = {name: each.partition("-")[2] for name, each in made.generations().items()}
    yielded = Fleet(made, ["1", "2", "3"], made.state()["rollout"]["inputs"])
    yielded.hashes = found
    return yielded


@pytest.fixture(scope="module")
def table(request):
    """Rows that are printed in the end, whatever pytest hides."""
    rows: list[str] = []
    yield rows
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\nboundaries, THREADER_SEED={SEED}:", *rows, sep="\n  ")


def named(pair: tuple[int, str]) -> str:
    name, state = BOUNDARIES[pair[0]]
    return f"{name}-{state}-{pair[1].replace(' ', '-')}"


@pytest.fixture(scope="module", params=chosen(), ids=named)
def outcome(request, fleet: Fleet, table: list[str]) -> Outcome:
    made = tried(fleet, fleet.case(*request.param))
    table.append(made.row())
    return made


def test_every_instance_runs_the_old_or_the_new_one_and_is_soon_well_without_help(outcome: Outcome):
    case = outcome.case
    allowed = {case.third} if case.fault == "superseded" else {case.before, case.wanted}
    assert set(outcome.ran.values()) <= allowed
    assert outcome.seconds < KNOWN_WITHIN + (CONFIRM_WITHIN if case.fault != "killed" else 0)


def test_a_controller_that_lives_tells_how_it_ended(outcome: Outcome):
    kinds = {
        "killed": ("killed",),
        "superseded": ("Superseded: ",),
        "cut off": ("done", "RolloutFailed: "),
        "rebooted": ("done", "RolloutFailed: "),
        "disk full": ("done", "RolloutFailed: "),
    }
    assert outcome.ended.startswith(kinds[outcome.case.fault])
    if outcome.ended == "done":
        assert set(outcome.ran.values()) == {outcome.case.wanted}


def test_one_that_wakes_up_after_another_took_over_writes_nothing(outcome: Outcome):
    assert outcome.extra == []


def test_once_more_brings_the_fleet_where_it_was_wanted(outcome: Outcome):
    said, ran, _ = outcome.converged
    assert said == "done"
    goal = outcome.case.third if outcome.case.fault == "superseded" else outcome.case.wanted
    assert set(ran.values()) == {goal}


def test_the_ledgers_know_of_every_switch(outcome: Outcome, fleet: Fleet):
    for name, (host, _) in LAYOUT.items():
        last = next(line for line in reversed(ledger(fleet.lab, host, name)) if line["verdict"] == "confirmed")
        assert last["to"].startswith(f"{outcome.converged[1][name]}-")
        assert fleet.settled(name)


def test_the_edge_sends_to_all_of_them_again(outcome: Outcome, fleet: Fleet):
    assert outcome.admitted
