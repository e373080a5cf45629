"""One run: a deploy under faults, then peace, then one more deploy; and what must hold meanwhile and in the end."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat

from deploy.provider.resources.wishes import Rejected
from deploy.rollout.execute import RolloutFailed
from tests.simulation.controller import Controller
from tests.simulation.scenario import Scenario, Wish
from tests.simulation.watch import Generations, Watch
from tests.simulation.world import Broken, World

LONG, REST = 20_000.0, 1_500.0
"""Seconds in which every deploy has ended, however long hosts stay silent; and in which hosts have come to rest."""


DECIDED, HOLDS = 4, 24
"""How often somebody decides while there are faults; and how many holds a rollout may have in peace."""


@dataclass(frozen=True)
class Outcome:
    """How a run went: a word for each deploy, the faults that fell, and the steps; for statistics."""

    deploys: tuple[str, ...]
    faults: tuple[str, ...]
    steps: int


def simulate(scenario: Scenario) -> Outcome:
    """Do a run; raises Broken."""
    run = Run(scenario)
    try:
        run.under_faults()
        run.in_peace()
        return run.outcome()
    finally:
        run.close()


class Run:
    """A run in its parts; `close` it whatever happens."""

    def __init__(self, scenario: Scenario) -> None:
        self.world = World(scenario)
        self._watch = Watch(self.world)
        self._decisions = chain(scenario.decisions, repeat("promote"))
        self.world.watched_by(self._watch)
        self.world.deploy(scenario.wishes[1])

    def some_steps(self, count: int) -> None:
        """Let some things happen, as long as a deploy is under way."""
        for _ in range(count):
            if self.world.over or not self.world.agenda.step():
                return

    def under_faults(self) -> None:
        """Until every deploy is over, and one that is held is decided, as long as there are faults to come."""
        self._wait(lambda: self.world.over, LONG, "a deploy does not end")
        for _ in range(DECIDED):
            held = self._held() if self.world.faults_to_come else None
            if held is None:
                return
            self._decide(held, next(self._decisions))
            self._wait(lambda: self.world.over, LONG, "a deploy does not end")

    def in_peace(self) -> None:
        """Without faults hosts come to rest, and one more deploy ends as it has to."""
        self.world.heal()
        self._rest()
        last = self._converged(self.world.controllers[-1].wish)
        for _ in range(HOLDS):
            last = self._decided(last, next(self._decisions)) if last.held else last
        if last.held:
            raise Broken(f"it is still held: {last.held}")
        if isinstance(last.error, RolloutFailed) or (last.aborted and self._watch.was_rejected(last.wish)):
            again = self._converged(last.wish)
            if not isinstance(again.error, Rejected) and not self.world.state["left"]:
                raise Broken(f"a release that was rolled back is not refused: {again.error!r}")

    def outcome(self) -> Outcome:
        """How it went."""
        words = tuple(map(_word, self.world.controllers))
        return Outcome(words, tuple(fault.kind for fault in self.world.fell), self.world.agenda.steps)

    def close(self) -> None:
        """Give back what processes have in memory."""
        for controller in self.world.controllers:
            controller.process.bury()

    def _wait(self, until: Callable[[], bool], seconds: float, complaint: str) -> None:
        if not self.world.agenda.run(until, self.world.agenda.now + seconds):
            raise Broken(f"{complaint} within {seconds:g} s")

    def _rest(self) -> None:
        """Wait until hosts have done what they do by themselves; then each instance runs something whole."""
        homes = [home for machine in self.world.machines.values() for home in machine.homes.values()]
        self._wait(lambda: not any(home.at_work for home in homes), REST, "a switch does not end")
        self.world.agenda.run(lambda: False, self.world.agenda.now + REST)
        self._watch.at_rest()

    def _held(self) -> Controller | None:
        """Who left the last rollout held, if it still is."""
        story = self.world.story
        return next((each for each in self.world.controllers if story and each.held == story.id), None)

    def _decide(self, last: Controller, verb: str) -> Controller:
        """Somebody decides what becomes of a rollout that is held, or wants something else."""
        story = self.world.story
        if story is None or story.id != last.held:
            raise Broken(f"{last.held} is held, and hosts know of {story.id if story else 'nothing'}")
        if verb in ("stay", "other"):
            return self.world.deploy(last.wish if verb == "stay" else self.world.scenario.wishes[2])
        self.world.decide(story, verb)
        return self.world.deploy(last.wish, f"{story.id}:{verb}")

    def _decided(self, held: Controller, verb: str) -> Controller:
        """The same in peace, and what came of it; where nobody decides nothing changes."""
        before, belongs = self._watch.traffic.picture(), self._watch.belongs()
        last = self._ended(self._decide(held, verb), belongs)
        stays = last.held == held.held and self._watch.traffic.picture() == before
        if verb == "stay" and not stays:
            raise Broken(f"{held.held} was held, and nobody decided; but {before} became another")
        return last

    def _converged(self, wish: Wish) -> Controller:
        """Deploy once more."""
        belongs = self._watch.belongs()
        return self._ended(self.world.deploy(wish), belongs)

    def _ended(self, last: Controller, before: Generations) -> Controller:
        """The end of a deploy: the fleet is held, or as wanted, or as it was `before`, with a reason."""
        wish = last.wish
        self._wait(lambda: last.over, LONG, "the last deploy does not end")
        self._rest()
        if last.held:
            return last
        self._watch.traffic.same_everywhere()
        self._watch.traffic.no_slots()
        if last.done:
            self._watch.is_wanted(wish)
            return last
        if last.aborted:
            self._watch.unchanged(before, "a rollout was aborted")
            return last
        # What was left behind at a host that did not answer may have a port that is wanted: a person has to stop it.
        left = self.world.state["left"] and "has port" in str(last.error)
        bad = left or wish.judged or any(not release.good for release in wish.releases.values())
        if not (isinstance(last.error, RolloutFailed) and bad) and not isinstance(last.error, Rejected):
            raise Broken(f"the last deploy ended with {last.error!r}")
        self._watch.unchanged(before, f"the last deploy ended with: {last.error}")
        if not left and not self._watch.was_rejected(wish):
            raise Broken(f"nothing was rolled back; but {last.error}")
        return last


def _word(controller: Controller) -> str:
    if controller.process.killed:
        return "killed"
    if controller.held or controller.aborted:
        return "held" if controller.held else "aborted"
    return "done" if controller.error is None else type(controller.error).__name__


class Statistics:
    """What many runs were."""

    def __init__(self) -> None:
        self.runs, self.steps = 0, 0
        self.deploys, self.faults = Counter[str](), Counter[str]()

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.runs += 1
        self.steps += outcome.steps
        self.deploys.update(outcome.deploys)
        self.faults.update(outcome.faults)

    def merge(self, other: "Statistics") -> None:
        """Those of another process."""
        self.runs += other.runs
        self.steps += other.steps
        self.deploys.update(other.deploys)
        self.faults.update(other.faults)

    def __str__(self) -> str:
        told = (
            ", ".join(f"{count} {word}" for word, count in each.most_common()) for each in (self.deploys, self.faults)
        )
        deploys, faults = told
        return f"{self.runs} runs of {self.steps / max(1, self.runs):.0f} steps; deploys: {deploys}; faults: {faults}"
