"""The clock of a simulated world: what is to happen, in its order. Nobody ever waits for real time."""

import heapq
import itertools
import random
from collections.abc import Callable


class Agenda:
    """Events by time; those of the same time come in an order that the seed decides.

    `steps` counts the events that have happened: faults of a run are placed by it. `before` is called before each.
    """

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.now, self.steps = 0.0, 0
        self.before: Callable[[], None] = lambda: None
        self._events: list[tuple[float, float, int, Callable[..., object], tuple]] = []
        self._numbers = itertools.count()

    def at(self, when: float, call: Callable[..., object], *words: object) -> None:
        """Let something happen at a time; one that is over means now."""
        heapq.heappush(self._events, (max(when, self.now), self.random.random(), next(self._numbers), call, words))

    def after(self, seconds: float, call: Callable[..., object], *words: object) -> None:
        """Let something happen later."""
        self.at(self.now + seconds, call, *words)

    def step(self) -> bool:
        """Let the next thing happen; False when there is none."""
        if not self._events:
            return False
        self.before()
        self.now, _, _, call, words = heapq.heappop(self._events)
        self.steps += 1
        call(*words)
        return True

    def run(self, until: Callable[[], bool], end: float = float("inf")) -> bool:
        """Go on until something holds; False when it did not until `end`, or nothing was left to happen."""
        while not until():
            if not self._events and end == float("inf"):
                return False
            if not self._events or self._events[0][0] > end:
                self.now = end
                return until()
            self.step()
        return True
