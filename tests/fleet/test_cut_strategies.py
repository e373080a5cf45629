"""Canary and blue-green, broken at each stage: all is served by old or new, and one deploy brings all to the new one.

A boundary is the beginning of a stage, as the planner has them, and for batches one in the middle. Two pairs of a
boundary and a fault are tried, other ones in each run (THREADER_SEED=N repeats a run); THREADER_ALL=1 tries all
(`make test-strategies`). A table of what came of them is printed.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest

from tests.fleet import breaking
from tests.fleet.breaking import KNOWN_WITHIN, PATIENCE, Controller, Posting, printed
from tests.fleet.controller import BEGUN, stages
from tests.fleet.dice import SEED
from tests.fleet.records import until
from tests.fleet.staged import EDGES, LAYOUT, PROMETHEUS, STRATEGIES, Staged, host_of, looked_again, plan, staged

pytestmark = pytest.mark.fleet
BROKEN_EDGE = EDGES[0]
OF_SWITCHES = ("killed", "cut off", "rebooted", "disk full")
FAULTS = (*OF_SWITCHES, "edge", "Prometheus")
PLANS = {strategy: plan(strategy) for strategy in STRATEGIES}


@dataclass(frozen=True)
class Pair:
    """A boundary of a strategy's plan, and a fault."""

    strategy: str
    number: int
    state: str
    fault: str

    @property
    def host(self) -> str:
        """The host that the stage is about."""
        return host_of(PLANS[self.strategy], self.number)

    @property
    def sound(self) -> tuple[str, ...]:
        """The edges that the fault leaves whole."""
        broken = {"edge": BROKEN_EDGE, "killed": "", "Prometheus": ""}.get(self.fault, self.host)
        return tuple(edge for edge in EDGES if edge != broken)

    @property
    def title(self) -> str:
        """The stage as the plan has it."""
        return PLANS[self.strategy].stages[self.number].lines(self.number + 1)[0]

    def __str__(self) -> str:
        return f"{self.strategy}-{self.number + 1}-{self.state}-{self.fault.replace(' ', '-')}"


PAIRS = [
    Pair(strategy, number, state, fault)
    for strategy, made in PLANS.items()
    for (number, state), fault in product(stages(made), FAULTS)
    if state != BEGUN or fault in OF_SWITCHES  # edges and Prometheus have no part in a switch
]
CHOSEN = PAIRS if os.environ.get("THREADER_ALL") else random.Random(SEED).sample(PAIRS, 2)


@dataclass(frozen=True)
class Outcome:
    """What came of it: what instances and slots ran, how the controller ended, and the seconds until all was known.

    `again` is how the next one ended, which took `later` seconds; `left` is what was there then; `quiet` says whether
    the edges were as at rest. `answers` are those of the sound edges from the fault to the end.
    """

    pair: Pair
    versions: tuple[str, str]
    ran: dict[str, str]
    ended: str
    seconds: float
    again: str
    later: float
    left: dict[str, breaking.Run]
    quiet: bool
    answers: dict[str, dict[object, int]]

    def row(self) -> str:
        """A line of the table."""
        words = dict(zip(self.versions, ("old", "new"), strict=True))
        ran = " ".join(f"{name.removeprefix('go-')}:{words.get(each, each)}" for name, each in self.ran.items())
        again = f"once more {self.later:4.1f} s" if self.again == "done" else f"NOT CONVERGED: {self.again[:60]}"
        posts = sum(sum(counted.values()) for counted in self.answers.values())
        bad = posts - sum(counted.get(200, 0) for counted in self.answers.values())
        served = f"{bad} of {posts} FAILED" if bad else f"{posts} served"
        where = f"{self.pair.strategy:<10} {self.pair.number + 1:>2} {self.pair.state:<6} {self.pair.fault:<10}"
        return f"{where} {ran:<42} {self.seconds:5.1f} s  {again}  {served:<11} {self.ended[:70]}"


Fault = Callable[[Staged, Pair, Controller], str]


def killed(fleet: Staged, pair: Pair, controller: Controller) -> str:
    """The controller is gone before it does anything more."""
    controller.kill()
    return "killed"


def edge(fleet: Staged, pair: Pair, controller: Controller) -> str:
    """The host of an edge, which has no instance, reboots while the controller goes on."""
    reboot = threading.Thread(target=fleet.lab.fleet.reboot, args=(BROKEN_EDGE,))
    reboot.start()
    said = controller.go_on()
    reboot.join()
    return said


def prometheus(fleet: Staged, pair: Pair, controller: Controller) -> str:
    """It is stopped until all is over."""
    fleet.lab.sh(PROMETHEUS, "systemctl stop prometheus")
    return controller.go_on()


def at_host(fault: Callable[..., str]) -> Fault:
    """A fault of the host that the stage is about."""
    return lambda fleet, pair, controller: fault(fleet.lab, pair.host, controller)


OF_HOSTS = map(at_host, (breaking.cut_off, breaking.rebooted, breaking.disk_full))
HAPPENS: dict[str, Fault] = dict(zip(FAULTS, (killed, *OF_HOSTS, edge, prometheus), strict=True))


def tried(fleet: Staged, pair: Pair) -> Outcome:
    """Break a rollout at the boundary, look what comes of it, and do it once more."""
    versions = fleet.turn()
    controller = fleet.start(pair.strategy, [pair.number, pair.state])
    try:
        until(controller.stopped, PATIENCE)
        assert controller.lines[-1] == f"at {pair.number} {pair.state}"
        begun = time.monotonic()
        with Posting(fleet.lab, pair.sound, str(pair)) as posting:
            said = HAPPENS[pair.fault](fleet, pair, controller)
            until(fleet.known, KNOWN_WITHIN, 0.2)
            seconds, ran = time.monotonic() - begun, fleet.found()
            fleet.whole()
            begun = time.monotonic()
            again = fleet.start(pair.strategy, decision=looked_again(said)).ended()
            later = time.monotonic() - begun
            quiet = fleet.at_rest()
    finally:
        controller.kill()
    there = {name: run.version for name, run in ran.items() if run.generation or name in LAYOUT}
    return Outcome(pair, versions, there, said, seconds, again, later, fleet.found(), quiet, posting.answers)


@pytest.fixture(scope="module")
def fleet(spare) -> Staged:
    return staged(spare("cut"))


@pytest.fixture(scope="module")
def table(tell):
    yield from printed(tell, "canary and blue-green, broken")


@pytest.fixture(scope="module", params=CHOSEN, ids=str)
def outcome(request, fleet: Staged, table: list[str]) -> Outcome:
    try:
        made = tried(fleet, request.param)
    except BaseException:
        table.append(f"{request.param}: NOT KNOWN")
        fleet.mended(request.param.strategy)
        raise
    table.append(made.row())
    return made


def test_every_instance_runs_the_old_or_the_new_one_and_is_soon_well(outcome: Outcome):
    assert set(outcome.ran.values()) <= set(outcome.versions)
    assert LAYOUT.keys() <= outcome.ran.keys()
    assert outcome.pair.fault != "killed" or outcome.seconds < KNOWN_WITHIN, "of the others, so long after they ended"


def test_every_request_at_an_edge_that_was_not_broken_is_answered(outcome: Outcome):
    assert {edge: set(counted) for edge, counted in outcome.answers.items()} == {
        edge: {200} for edge in outcome.pair.sound
    }


def test_a_controller_that_lives_tells_how_it_ended(outcome: Outcome):
    kinds = ("killed",) if outcome.pair.fault == "killed" else ("done", "held (r", "RolloutFailed: ", "Degraded: ")
    assert outcome.ended.startswith(kinds)
    if outcome.ended == "done":
        assert set(outcome.ran.values()) == {outcome.versions[1]}


def test_once_more_brings_the_fleet_where_it_was_wanted_and_leaves_nothing(outcome: Outcome):
    assert outcome.again == "done"
    assert {name: run.version for name, run in outcome.left.items()} == dict.fromkeys(LAYOUT, outcome.versions[1])
    assert [run.ill for run in outcome.left.values()] == [None] * len(LAYOUT)


def test_both_edges_send_to_all_instances_and_to_nothing_else(outcome: Outcome):
    assert outcome.quiet
