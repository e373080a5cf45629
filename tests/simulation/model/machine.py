"""A host of the model: its clock and disk, its instances, its edge, and what its helpers answer."""

import json
from collections.abc import Callable
from typing import Any

from deploy.manifest.paths import EDGE_HELPER, HELPER
from tests.simulation.agenda import Agenda
from tests.simulation.model.edge import Edge
from tests.simulation.model.home import Home
from tests.simulation.model.records import Answer, Records
from tests.simulation.model.release import Release
from tests.simulation.model.slots import Slots

FULL = "No space left on device"
FENCED = {"begin": 2, "confirm": 1, "story": 0}
"""Calls that need the lease, and which of their words is the token."""


class Machine:
    """One host. `changed_by` is called whenever who serves there may have changed."""

    def __init__(self, name: str, agenda: Agenda, edge: bool, changed_by: Callable[[], None] = lambda: None) -> None:
        self.name, self.agenda, self._changed_by = name, agenda, changed_by
        self.homes: dict[str, Home] = {}
        self.records = Records()
        self.edge = Edge(self) if edge else None
        self.up, self.boots = True, 1
        self.slots = Slots(self)
        self.begins: Callable[[Home, str], None] = lambda home, purpose: None
        self.answers: Callable[[str], bool] = lambda server: False
        """Whether a server, on whatever host, answers an edge here that it is ready."""
        self.unready: str | None = None

    @property
    def full(self) -> str | None:
        """Why nothing can be written to its disk, or None."""
        return self.records.full

    @full.setter
    def full(self, why: str | None) -> None:
        self.records.full = why

    @property
    def now(self) -> float:
        """Its clock."""
        return self.agenda.now

    def utc(self) -> str:
        """Its clock, for people."""
        return f"{self.now:012.3f}"

    def draw(self, least: float, most: float) -> float:
        """Some seconds."""
        return self.agenda.random.uniform(least, most)

    def changed(self) -> None:
        """Who serves here, or has a port, may have changed."""
        for home in self.homes.values():
            home.woken()
        self._changed_by()

    def taken(self, port: int, name: str) -> bool:
        """Whether another instance has a port."""
        return any(
            home.service and not home.service.hindered and home.service.release.port == port
            for other, home in self.homes.items()
            if other != name
        )

    def ready(self, port: int) -> bool:
        """Whether whatever has a port is well."""
        services = [home.service for home in self.homes.values() if home.service]
        here = [each for each in services if each.release.port == port and not each.hindered]
        return self.up and not self.unready and any(each.unwell(self.now) is None for each in here)

    def refusal(self, token: str) -> Answer | None:
        """What a controller is told that may not write."""
        return self.records.refusal(token, self.now, self.boots)

    def read(self, text: str) -> Any:
        """What a word says that is JSON."""
        return json.loads(text)

    @property
    def instances(self) -> list[Home]:
        """What is no second slot."""
        return [home for home in self.homes.values() if not home.is_slot]

    def home(self, name: str) -> Home:
        """What there is of an instance, be it nothing."""
        return self.homes.setdefault(name, Home(self, name))

    def stage(self, name: str, release: Release) -> None:
        """Lay a generation beside the one that runs."""
        self.home(name).releases[release.name] = release

    # --- what controllers ask

    def ask(self, task: str, arguments: dict[str, Any], reply: Callable[[Any], None]) -> None:
        """One task of the worker; `reply` gets its result."""
        if task == "snapshot":
            return reply(self.snapshot())
        if task == "stage":
            for name, release in arguments["releases"].items():
                self.stage(name, release)
            return reply(None)
        if task == "forget":
            if self.homes.get(arguments["instance"]):
                self.homes.pop(arguments["instance"]).reboot()
                self.changed()
            return reply(None)
        if task == "edge":
            if self.edge:
                self.edge.apply(arguments["servers"])
            return reply(None)
        helper, *words = (*arguments["words"], *([arguments["stdin"]] if "stdin" in arguments else []))
        answered = lambda answer: reply([json.dumps(answer)])  # noqa: E731 - it is called by many
        if helper == EDGE_HELPER and self.edge:
            return self.edge.ask(*words, reply=answered)
        assert helper == HELPER
        return self._helper(*words, reply=answered)

    def _helper(self, verb: str, *words: str, reply: Callable[[Answer], None]) -> None:
        if verb in FENCED:
            refusal = self.refusal(words[FENCED[verb]])
            if refusal:
                return reply(refusal)
        if verb == "begin":
            name, generation, token, within, by, purpose = words
            to = None if generation == "-" else generation
            return self.home(name).begin(to, token, float(within), by, purpose, reply)
        if verb == "confirm":
            return self.home(words[0]).confirm(words[1], reply)
        if verb == "undo":
            return self.home(words[0]).undo(words[1], reply)
        if verb == "drop":
            return self.slots.drop(*words, reply=reply)
        if verb == "warm":
            return self.slots.warm(words[0], float(words[1]), words[2], reply)
        return reply(self._at_once(verb, *words))

    def _at_once(self, verb: str, *words: str) -> Answer:
        if verb == "survey":
            return {name: self.homes[name].unwell() if name in self.homes else "nothing is activated" for name in words}
        if verb == "restart":
            return self.home(words[0]).restart(words[1])
        if verb == "release":
            return self.records.release(words[0])
        if verb == "keep":
            return self.slots.keep(words[0], int(words[1]), words[2])
        if verb == "story":
            return self.records.story(words[0], json.loads(words[1]))
        if verb == "ask":
            return self.records.ask(words[0])
        if verb in ("note", "request"):
            return (self.records.note if verb == "note" else self.records.wish)(json.loads(words[0]))
        token, seconds, by, purpose = words
        return self.records.take(token, float(seconds), by, purpose, self.now, self.boots)

    def snapshot(self) -> dict[str, Any]:
        """What a snapshot says, as far as a rollout reads it."""
        lease = self.records.lease and {**self.records.lease, "live": self.records.live(self.now, self.boots)}
        edge = self.edge and {
            "servers": {
                name: {"admin": admin, "weight": self.edge.weights.get(name, 100)}
                for name, admin in self.edge.servers.items()
            }
        }
        return {
            "instances": {
                name: instance(home) for name, home in self.homes.items() if not (home.is_slot and home.empty)
            },
            "stories": dict(self.records.latest(3)),
            "lease": lease,
            "rollouts": self.records.rollouts[-40:],
            "edge": edge,
        }

    # --- what happens to it

    def reboot(self, seconds: float) -> None:
        """Down, and up again later."""
        self.up = False
        self.boots += 1
        for home in self.homes.values():
            home.reboot()
        if self.edge:
            self.edge.off()
        self.changed()
        self.agenda.after(seconds, self._boot, self.boots)

    def boot_now(self) -> None:
        """Up again."""
        self._boot(self.boots)

    def _boot(self, number: int) -> None:
        if number == self.boots and not self.up:
            self.up = True
            for home in self.homes.values():
                home.boot()
            if self.edge:
                self.edge.boot()


def instance(home: Home) -> dict[str, Any]:
    """An instance in a snapshot."""
    state = "inactive" if home.service is None else "activating" if home.service.hindered else "active"
    return {
        "current": home.current and f"generations/{home.current}",
        "generations": {
            name: {"files": {"settings.json": release.settings}, "damaged": []}
            for name, release in home.releases.items()
        },
        "pending": home.pending is not None,
        "repair": False,
        "ledger": home.ledger[-30:],
        "unit": {"ActiveState": state},
    }
