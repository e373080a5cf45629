"""A deploy in a simulated world: the real provider's code from `refresh` to the end of the rollout."""

from typing import Any

from deploy.faults import HostFault
from deploy.manifest.paths import server_name, slot_name
from deploy.provider.fleet import Fleet
from deploy.provider.resources.base import Context
from deploy.provider.resources.rollout import RolloutResource
from deploy.provider.resources.standing import RESULT, STANDING
from deploy.rollout.decide import needed
from deploy.rollout.plan import Plan
from deploy.rollout.story import latest
from tests.simulation.process import Process
from tests.simulation.scenario import PROGRESSIVE, SLOTS, Wish
from tests.simulation.wire import Link, Wire


class Told:
    """The engine of one deploy: keeps what people would read."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def progress(self, urn: str, text: str) -> None:
        self.lines.append(text)

    note = warn = progress


class Controller:
    """One `threader deploy` of a wish: a process that ends well, with an error for people, or killed."""

    def __init__(self, process: Process, links: dict[str, Link], wish: Wish, inputs: Any, state: dict) -> None:
        self.outputs: dict[str, Any] = {}
        self.process, self.wish, self.inputs = process, wish, inputs
        self.told = Told()
        wire = Wire(links, process)
        self.resource = RolloutResource(Context(Fleet(wire), self.told))
        self.began, self.stopped = process.agenda.now, False
        self.unwell: set[str] = set()
        """What was down at any time before its first switch: that holds nothing up."""
        self._task = process.create_task(self._deploy(wire, state))

    @property
    def over(self) -> bool:
        """Whether it will do nothing more."""
        return self.process.killed or self._task.done()

    @property
    def plan(self) -> Plan | None:
        """What it is carrying out, None before and after."""
        run = self.resource._errands.running
        return run.plan if run else None

    @property
    def error(self) -> BaseException | None:
        """What it ended with, None if well."""
        return self._task.exception() if self._task.done() else None

    @property
    def done(self) -> bool:
        """Whether what it wanted is so: it ended well, and neither held nor gone back as somebody decided."""
        return self._task.done() and self._task.exception() is None and not self.held and not self.aborted

    @property
    def held(self) -> str | None:
        """The rollout that it left held, such as r7."""
        word, _, name = str(self.outputs.get(STANDING) or "").partition(" ")
        return name if word == "held" else None

    @property
    def aborted(self) -> bool:
        """Whether it only went back, since somebody decided so."""
        return str(self.outputs.get(RESULT) or "").startswith("aborted") and not self.outputs.get("plan")

    def cancel(self) -> None:
        """Ctrl-C."""
        if not self.over:
            self.process.create_task(self.resource.cancel())

    async def _deploy(self, wire: Wire, state: dict) -> None:
        old, new = state["inputs"], self.inputs
        found = await self.resource.read("urn", old)
        await self._stage(wire)
        self.outputs = await self.resource.update("urn", found, new)
        state["inputs"] = {**self.outputs, "settings": new["settings"]}
        state["left"] |= {pair for pair in old["placement"].items() if pair not in new["placement"].items()}
        for name, host in sorted(state["left"] - set(new["placement"].items())):
            found = await wire.ask(new["hosts"][host], "snapshot")
            if not needed(latest({host: found}), name, host):
                await wire.ask(new["hosts"][host], "forget", instance=name)
            state["left"].discard((name, host))

    async def _stage(self, wire: Wire) -> None:
        """What the other resources do first: stage generations, and give edges their servers."""
        new, places = self.inputs, {}
        for name, host in self.wish.placement.items():
            places.setdefault(host, {})[name] = self.wish.releases[name]
        servers = servers_of(self.wish, new["settings"]["strategy"])
        tasks = [(host, "stage", {"releases": releases}) for host, releases in places.items()]
        tasks += [(edge, "edge", {"servers": servers}) for edge in new["edges"]]
        for host, task, arguments in tasks:
            try:
                await wire.ask(new["hosts"][host], task, **arguments)
            except HostFault as fault:
                if not fault.fault.contact or new["settings"]["unreachable"] != "skip":
                    raise


def servers_of(wish: Wish, strategy: str) -> frozenset[str]:
    """What edges are to run with: the instances and, where they are used, their second slots."""
    places = [(name, host, wish.releases[name].port) for name, host in wish.placement.items()]
    slots = [(slot_name(name), host, port + SLOTS) for name, host, port in places if strategy in PROGRESSIVE]
    return frozenset(server_name(*place) for place in (*places, *slots))


def inputs_of(
    wish: Wish, hosts: Any, edges: Any, settings: dict[str, Any], decision: str | None = None
) -> dict[str, Any]:
    """A wish as the Rollout takes it, and what somebody has decided of the last one."""
    return {
        "instances": {name: release.name for name, release in wish.releases.items()},
        "placement": dict(wish.placement),
        "ports": {name: float(release.port) for name, release in wish.releases.items()},
        "hosts": {
            host: {"host": host, "address": host, "user": "root", "port": 22.0} for host in sorted({*hosts, *edges})
        },
        "edges": list(edges),
        "impls": dict.fromkeys(wish.releases, "python"),
        "slots": {name: float(release.port + SLOTS) for name, release in wish.releases.items()},
        "lost": [],
        "decision": decision,
        "settings": settings,
    }
