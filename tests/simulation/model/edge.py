"""HAProxy on a host and its helper, as deploy/hosts/helper/edge.py has it."""

from collections.abc import Callable
from typing import Any

from tests.simulation.model.records import Answer

READY, DRAIN, MAINTENANCE = "ready", "drain", "maint"


class Edge:
    """The servers that one edge runs with, each with its administrative state. `machine` is its host."""

    remembers = True
    """Whether it finds a retired server again; a class attribute, so that a test can take it away."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.wanted: frozenset[str] = frozenset()
        self.admitted: set[str] = set()
        self.retired: set[str] = set()
        self.servers: dict[str, str] = {}
        self._armed: dict[str, int] = {}
        self._numbers = 0

    def apply(self, wanted: frozenset[str]) -> None:
        """Run with these servers, and with those that left but serve still; new ones begin disabled."""
        self.wanted = wanted
        names = sorted(wanted | self.admitted)
        self.servers = {name: self.servers.get(name, MAINTENANCE) for name in names}
        self.machine.changed()

    def ask(self, verb: str, server: str, *words: str, reply: Callable[[Answer], None]) -> None:
        """One call of the helper."""
        if verb == "drain":
            return self._drain(server, float(words[0]), float(words[1]), reply)
        if verb == "admit":
            return reply(self.admit(server))
        self._armed.pop(server, None)
        self.admitted.discard(server)
        self.retired.add(server)
        if server in self.servers:
            self.servers[server] = MAINTENANCE
        self.apply(self.wanted)
        return reply({"state": "retired"})

    def admit(self, server: str) -> Answer:
        """In again."""
        self._armed.pop(server, None)
        if self.remembers and server in self.retired and server not in self.servers:
            self.servers[server] = MAINTENANCE
        if server not in self.servers:
            return {"state": "unknown", "reason": f"HAProxy runs without {server}"}
        self.servers[server] = READY
        self.admitted.add(server)
        self.machine.changed()
        return {"state": "ready"}

    def boot(self) -> None:
        """After a cold start every server is admitted: the health checks decide."""
        self._armed.clear()
        self.servers = dict.fromkeys(sorted(self.wanted | self.admitted), READY)
        self.admitted = set(self.servers)
        self.machine.changed()

    def _drain(self, server: str, seconds: float, wait: float, reply: Callable[[Answer], None]) -> None:
        if self.servers.get(server, MAINTENANCE) != MAINTENANCE:
            self._numbers += 1
            self._armed[server] = self._numbers
            self.machine.agenda.after(seconds, self._again, server, self._numbers)
            self.servers[server] = DRAIN
            self.machine.changed()
        took = self.machine.draw(0.0, 12.0)
        answer = {"state": "drained", "sessions": 0} if took <= wait else {"state": "draining", "sessions": 1}
        self.machine.agenda.after(min(took, wait), reply, answer)

    def _again(self, server: str, number: int) -> None:
        if self._armed.get(server) == number and self.machine.up:
            self.admit(server)
