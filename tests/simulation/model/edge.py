"""HAProxy on a host and its helper, as deploy/hosts/helper/edge.py has it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.manifest.paths import SLOT
from tests.simulation.model.activity import Activity
from tests.simulation.model.records import Answer

READY, DRAIN, MAINTENANCE = "ready", "drain", "maint"
FULL, UP, CHECKED = 100, 5.0, 0.5
"""The weight of a server that is admitted; the seconds that one may need to be up, and those between two checks."""
Reply = Callable[[Answer], None]


class Edge:
    """The servers that one edge runs with, each with its administrative state and its weight. `machine` is its host."""

    remembers = True
    """Whether it finds a retired server again; a class attribute, so that a test can take it away."""
    durable = True
    """Whether a reboot leaves the weights; so is this."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.wanted: frozenset[str] = frozenset()
        self.admitted: set[str] = set()
        self.retired: set[str] = set()
        self.servers: dict[str, str] = {}
        self.weights: dict[str, int] = {}
        """What HAProxy runs with, where it is not FULL."""
        self.noted: dict[str, int] = {}
        """What was shifted, and is still meant."""
        self._armed: dict[str, int] = {}
        self._numbers = 0
        self._shifting: Activity | None = None
        self._waiting: list[Callable[[], None]] = []

    def sends(self, server: str) -> bool:
        """Whether it sends to a server, as far as its checks let it."""
        return self.servers.get(server) == READY

    def weight(self, server: str) -> int:
        """How much it sends there."""
        return self.weights.get(server, FULL) if self.sends(server) else 0

    # --- what controllers ask

    def apply(self, wanted: frozenset[str]) -> None:
        """Run with these servers, and with those that left but serve still; new ones begin disabled."""
        self.wanted = wanted
        names = sorted(wanted | self.admitted)
        self.servers = {name: self.servers.get(name, MAINTENANCE) for name in names}
        self.weights = {name: weight for name, weight in self.weights.items() if name in self.servers}
        self.machine.changed()

    def ask(self, verb: str, what: str, *words: str, reply: Reply) -> None:
        """One call of the helper; one at a time changes something."""
        if verb == "shift":
            return self._alone(lambda: self._shift(self.machine.read(what), bool(words), reply))
        if verb == "drain":
            return self._alone(lambda: self._drain(what, float(words[0]), float(words[1]), reply))
        if verb == "admit":
            return self._alone(lambda: reply(self.admit(what)))
        return self._alone(lambda: reply(self._retire(what)))

    def admit(self, server: str) -> Answer:
        """In again."""
        self._armed.pop(server, None)
        self._unweigh(server)
        self._find_again(server)
        if server not in self.servers:
            return {"state": "unknown", "reason": f"HAProxy runs without {server}"}
        self.servers[server] = READY
        self.admitted.add(server)
        self.machine.changed()
        return {"state": "ready"}

    def boot(self) -> None:
        """After a cold start every server is admitted: the health checks decide. Weights are as they were shifted."""
        self._armed.clear()
        self._shifting = None
        self._waiting.clear()
        self.noted = self.noted if self.durable else {}
        self.servers = {name: self._cold(name) for name in sorted(self.wanted | self.admitted)}
        self.weights = {name: weight for name, weight in self.noted.items() if weight and name in self.servers}
        self.machine.changed()

    def off(self) -> None:
        """Its host goes down, and whatever it was doing ends."""
        if self._shifting:
            self._shifting.kill()
        self._shifting = None
        self._waiting.clear()

    def _cold(self, server: str) -> str:
        weight = self.noted.get(server)
        if weight == 0:
            return DRAIN
        return READY if weight or not is_slot(server) else MAINTENANCE

    # --- how it does it

    def _alone(self, call: Callable[[], None]) -> None:
        if self._shifting:
            self._waiting.append(call)
        else:
            call()

    def _unweigh(self, server: str) -> None:
        self.noted.pop(server, None)
        self.weights.pop(server, None)

    def _retire(self, server: str) -> Answer:
        self._armed.pop(server, None)
        self._unweigh(server)
        self.admitted.discard(server)
        self.retired.add(server)
        if server in self.servers:
            self.servers[server] = MAINTENANCE
        self.apply(self.wanted)
        return {"state": "retired"}

    def _drain(self, server: str, seconds: float, wait: float, reply: Reply) -> None:
        if self.servers.get(server, MAINTENANCE) != MAINTENANCE and self.noted.get(server) != 0:
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
            self._alone(lambda: self.admit(server) and None)

    def _find_again(self, server: str) -> None:
        """Run again with a server that was retired."""
        if self.remembers and server in self.retired and server not in self.servers:
            self.servers[server] = MAINTENANCE
            self.admitted.add(server)

    def _shift(self, weights: Mapping[str, int], back: bool, reply: Reply) -> None:
        for name, weight in weights.items():
            if weight:
                self._find_again(name)
        unknown = [name for name, weight in weights.items() if weight and name not in self.servers]
        if unknown and not back:
            return reply({"state": "failed", "reason": f"HAProxy runs without {', '.join(unknown)}"})
        self._shifting = Activity(self.machine.agenda, self._shifted(weights, back, reply), self._over)
        return None

    def _over(self) -> None:
        self._shifting = None
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            self._alone(call)

    def _shifted(self, weights: Mapping[str, int], back: bool, reply: Reply) -> Iterator[float]:
        """What is to serve is up before what served is drained; they are noted in between."""
        raised = [name for name, weight in weights.items() if weight and name in self.servers]
        before = {name: (self.servers[name], self.weights.get(name, FULL)) for name in raised}
        losing = {instance_of(name) for name, weight in weights.items() if not weight}
        rest = [name for name in raised if before[name][0] == READY and instance_of(name) not in losing]
        ill = {name for name in rest if not self.machine.answers(name)}
        for name in raised:
            self._set(name, READY, weights[name])
        self.machine.changed()
        down = yield from self._waited(
            {name: 2 if before[name][0] == MAINTENANCE else 1 for name in raised if name not in ill}
        )
        if down and not back:
            for name, (state, weight) in before.items():
                self._set(name, state, weight)
            self.machine.changed()
            return reply({"state": "failed", "reason": f"not up within {UP:g} s: {', '.join(down)}"})
        for name in weights:
            self._armed.pop(name, None)
        self._keep(weights)
        for name in weights.keys() & self.servers.keys() - set(raised):
            self.servers[name] = DRAIN
        self.machine.changed()
        return reply({"state": "shifted", "reason": None})

    def _set(self, server: str, state: str, weight: int) -> None:
        self.servers[server], self.weights[server] = state, weight

    def _waited(self, checks: Mapping[str, int]) -> Iterator[float]:
        """Those that are not up in time: one that comes out of maintenance is down until two checks were good."""
        end, good = self.machine.now + UP, dict.fromkeys(checks, 0)
        while True:
            good = {name: good[name] + 1 if self.machine.answers(name) else 0 for name in good}
            down = [name for name, count in good.items() if count < checks[name]]
            if not down or self.machine.now >= end:
                return down
            yield min(end, self.machine.now + CHECKED)

    def _keep(self, weights: Mapping[str, int]) -> None:
        self.noted.update({name: weight for name, weight in weights.items() if name in self.servers})
        self.admitted -= {name for name, weight in weights.items() if is_slot(name) and not weight}
        self.admitted |= {name for name, weight in weights.items() if weight and name in self.servers}


def instance_of(server: str) -> str:
    """The instance that a server is, or whose second slot it is."""
    return server.partition(".")[0].removesuffix(SLOT)


def is_slot(server: str) -> bool:
    """Whether a server is the second slot of an instance."""
    return server.partition(".")[0].endswith(SLOT)
