"""A rollout that is broken at a boundary between two of its steps: every instance runs old or new, and all goes on.

Eight pairs of a boundary and a fault are tried, other ones in each run (THREADER_SEED=N repeats a run);
THREADER_ALL=1 tries all 75 (`make test-boundaries`). A table of what came of them is printed.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest

from deploy.rollout.order import make_plan
from deploy.rollout.plan import Limits, Target
from tests.fleet import breaking, listing
from tests.fleet.breaking import CONFIRM_WITHIN, KNOWN_WITHIN, PATIENCE, Controller, Controllers, printed, soon
from tests.fleet.controller import boundaries
from tests.fleet.deployment import Deployment
from tests.fleet.dice import SEED
from tests.fleet.edges import behind, states
from tests.fleet.records import HOME, ledger, until

pytestmark = pytest.mark.fleet
LAYOUT = {"go-a": ("app-4", 9009), "go-b": ("app-5", 9009), "go-c": ("app-6", 9009)}
EDGE = "app-4"
HOSTS = [host for host, _ in LAYOUT.values()]
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
        self.generations, self._controllers = generations, Controllers(deployment)
        self._turn = 0

    def case(self, number: int, fault: str) -> Case:
        """The next one: the fleet runs one generation whole."""
        before, wanted, third = (self.generations[(self._turn + more) % 3] for more in range(3))
        self._turn += 2 if fault == "superseded" else 1
        return Case(number, fault, before, wanted, third)

    def start(self, old: str, new: str, stop: int | None = None) -> Controller:
        """A controller that leads the fleet from `old` to `new`."""
        before = {**self._inputs, "instances": dict.fromkeys(LAYOUT, old) | self._named(old)}
        return self._controllers.start(before, {**self._inputs, "instances": self._named(new)}, stop)

    def lead(self, old: str, new: str) -> str:
        """A controller that nobody disturbs; what it said last."""
        return self.start(old, new).ended()

    def _named(self, turn: str) -> dict[str, str]:
        return {name: f"{turn}-{self.hashes[turn][name]}" for name in LAYOUT}

    hashes: dict[str, dict[str, str]]

    def running(self) -> dict[str, str]:
        """The version that each instance runs."""
        return {name: run.version for name, run in breaking.found(self.lab, *HOSTS).items()}

    def settled(self, name: str) -> bool:
        """Whether an instance is in a known state."""
        return breaking.known(self.lab, LAYOUT[name][0])

    def known(self) -> bool:
        """Whether the whole fleet is."""
        return breaking.known(self.lab, *HOSTS)

    def admitted(self) -> bool:
        """Whether the edge soon finds all of them up, and keeps none out."""
        return soon(lambda: list(states(self.lab, EDGE).values()) == ["UP"] * len(LAYOUT))

    def exact(self) -> dict[str, object]:
        """Everything of ours on the hosts with inodes and times, but for the list of rollouts."""
        return {
            f"{host} {path}": what
            for host in HOSTS
            for path, what in listing.exact(self.lab, host).items()
            if path not in (HOME, f"{HOME}/rollouts.jsonl")
        }


def killed(fleet: Fleet, case: Case, controller: Controller) -> tuple[str, list[str]]:
    """The controller is gone before it does anything more."""
    controller.kill()
    return "killed", []


def superseded(fleet: Fleet, case: Case, controller: Controller) -> tuple[str, list[str]]:
    """Another controller takes over, and finishes something else; then the first one wakes up."""
    assert fleet.lead(case.before, case.third) == "done"
    before = fleet.exact()
    said = controller.go_on()
    return said, listing.changed(before, fleet.exact())


def at_host(fault: Callable[..., str]) -> Callable[[Fleet, Case, Controller], tuple[str, list[str]]]:
    """A fault of the host of the step."""
    return lambda fleet, case, controller: (fault(fleet.lab, case.host, controller), [])


OF_HOSTS = map(at_host, (breaking.cut_off, breaking.rebooted, breaking.disk_full))
HAPPENS = dict(zip(FAULTS, (killed, superseded, *OF_HOSTS), strict=True))


def tried(fleet: Fleet, case: Case) -> Outcome:
    """Break a rollout at the boundary, look what comes of it, and do it once more."""
    controller = fleet.start(case.before, case.wanted, case.number)
    try:
        until(controller.stopped, PATIENCE)
        name, state = BOUNDARIES[case.number]
        assert controller.lines[-1] == f"at {case.number} {name} {state}"
        begun = time.monotonic()
        said, extra = HAPPENS[case.fault](fleet, case, controller)
    finally:
        controller.kill()
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
def table(tell):
    yield from printed(tell, "boundaries")


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
