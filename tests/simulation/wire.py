"""The way from a controller to the hosts: calls that take time, get lost, or are heard without an answer."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from deploy.faults import Place, recognise
from tests.simulation.model.machine import Machine
from tests.simulation.process import Process

TIMEOUT = 5.0
HEARD_UNANSWERED = 0.3
"""How often a call over a cut link is heard all the same, when only the way back is cut."""


class Link:
    """The network in front of one host."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.heard: Callable[[Process, tuple[str, ...]], None] = lambda process, words: None
        """Called for each command that the host hears; what it hears by standard input is the last word."""
        self.is_cut = False
        self.calls: dict[int, Call] = {}
        self._cuts = 0

    @property
    def open(self) -> bool:
        """Whether anything gets through."""
        return self.machine.up and not self.is_cut

    def cut(self, seconds: float) -> None:
        """Nothing gets through for a while; a connection lives through a short cut."""
        self.is_cut = True
        self._cuts += 1
        for call in tuple(self.calls.values()):
            self.machine.agenda.after(TIMEOUT + self.machine.draw(0, 10), call.lost_if_cut)
        self.machine.agenda.after(seconds, self._mend, self._cuts)

    def mend(self) -> None:
        """Everything gets through, also answers that could not."""
        self._mend(self._cuts)

    def _mend(self, cut: int) -> None:
        if cut == self._cuts and self.is_cut:
            self.is_cut = False
            for call in tuple(self.calls.values()):
                call.deliver()

    def reset(self) -> None:
        """The host went down: every connection breaks, sooner or later."""
        for call in tuple(self.calls.values()):
            self.machine.agenda.after(self.machine.draw(0, TIMEOUT), call.fail)


class Call:
    """One call on its way."""

    numbers = itertools.count()

    def __init__(self, link: Link, process: Process, task: str, arguments: dict[str, Any]) -> None:
        self.link, self.process, self.task, self.arguments = link, process, task, arguments
        self.future: asyncio.Future[Any] = process.create_future()
        self.number = next(self.numbers)
        self._answers: list[Any] = []
        link.calls[self.number] = self
        agenda, machine = link.machine.agenda, link.machine
        self._agenda = agenda
        if not link.open:
            if machine.up and agenda.random.random() < HEARD_UNANSWERED:
                agenda.after(machine.draw(0.02, 0.3), self._unanswered)
            agenda.after(TIMEOUT, self.fail)
        else:
            agenda.after(machine.draw(0.02, 0.3), self._arrive)

    def _unanswered(self) -> None:
        if self.link.machine.up:
            self._ask(lambda answer: None)

    def _ask(self, reply: Callable[[Any], None]) -> None:
        said = [self.arguments["stdin"]] if "stdin" in self.arguments else []
        self.link.heard(self.process, (*self.arguments.get("words", ()), *said))
        self.link.machine.ask(self.task, self.arguments, reply)

    def _arrive(self) -> None:
        if not self.link.open:
            self._agenda.after(TIMEOUT, self.fail)
        elif not self.process.killed or self._agenda.random.random() < HEARD_UNANSWERED:
            self._ask(self._answered)

    def _answered(self, answer: Any) -> None:
        self._answers.append(answer)
        self._agenda.after(self.link.machine.draw(0.02, 0.2), self.deliver)

    def deliver(self) -> None:
        """Let the answer arrive if there is one; over a cut link it waits."""
        if self._answers and self.link.open:
            self._end(lambda: self.future.set_result(self._answers[0]))

    def lost_if_cut(self) -> None:
        """The connection has not lived through the cut."""
        if not self.link.open:
            self.fail()

    def fail(self) -> None:
        """The controller gives up."""
        name = self.link.machine.name
        self._end(lambda: self.future.set_exception(recognise(Place(name, name), "timed out")))

    def _end(self, settle: Callable[[], None]) -> None:
        if self.link.calls.pop(self.number, None):
            self.process.call_soon(lambda: None if self.future.done() else settle())


class Wire:
    """What a controller speaks with hosts through: `deploy.hosts.client.Hosts`, over simulated links."""

    def __init__(self, links: dict[str, Link], process: Process) -> None:
        self._links, self._process = links, process

    async def ask(self, connection: Any, task: str, **arguments: Any) -> Any:
        """Do a task on a host; raises HostFault."""
        if task == "run" and arguments["words"][1] == "begin":
            self._process.began_at = min(self._process.began_at, self._process.time())
        answer = await Call(self._links[connection["host"]], self._process, task, arguments).future
        words = arguments.get("words", ("", ""))
        if words[1] in ("lease", "begin", "confirm"):
            self._process.held_at = self._process.time()
        if words[1] == "lease":
            self._process.token = words[2]
        return answer
