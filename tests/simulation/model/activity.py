"""What goes on at a host by itself, written as a generator: it yields until when it waits at most, and can be woken."""

from collections.abc import Callable, Iterator

from tests.simulation.agenda import Agenda

FOR_EVER = float("inf")


class Activity:
    """Runs a generator on the world's clock; `ended` is called once it is through, and not when it is killed."""

    def __init__(self, agenda: Agenda, steps: Iterator[float], ended: Callable[[], None] = lambda: None) -> None:
        self._agenda, self._steps, self._ended = agenda, steps, ended
        self._turn = 0
        self.alive = True
        self.wake()

    def wake(self) -> None:
        """Let it look again, now."""
        self._agenda.at(self._agenda.now, self._go_on, self._turn)

    def kill(self) -> None:
        """Nothing of it happens any more."""
        self.alive = False

    def _go_on(self, turn: int) -> None:
        if not self.alive or turn != self._turn:
            return
        self._turn += 1
        try:
            until = next(self._steps)
        except StopIteration:
            self.alive = False
            self._ended()
            return
        if until != FOR_EVER:
            self._agenda.at(until, self._go_on, self._turn)
