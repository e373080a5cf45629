"""The world of one run: hosts, links, edges, controllers, what may befall them, and what must hold meanwhile."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import deploy.hosts.port as port
import deploy.provider.resources.errands as errands
from deploy.manifest.paths import SLOT, server_name, slot_name
from deploy.rollout.plan import Check
from deploy.rollout.story import Story, latest
from tests.simulation.agenda import Agenda
from tests.simulation.controller import Controller, inputs_of, servers_of
from tests.simulation.measures import Measures, Proof
from tests.simulation.model.machine import FULL, Machine
from tests.simulation.process import Process
from tests.simulation.scenario import Fault, Scenario, Wish
from tests.simulation.wire import Link

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN = 0.001
"""Seconds between hearing that one has the lease and telling an edge: who is stopped just then may drain too much."""


class Broken(AssertionError):  # noqa: N818 - it reads better
    """Something that must hold does not."""


class World:
    """Built from a scenario, in which everything runs that is to run before."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.agenda = Agenda(scenario.seed)
        self.machines = {
            name: Machine(name, self.agenda, name in scenario.edges, self._changed)
            for name in sorted({*scenario.hosts, *scenario.edges})
        }
        for machine in self.machines.values():
            machine.answers = self.answers
        self.links = {name: Link(machine) for name, machine in self.machines.items()}
        self.controllers: list[Controller] = []
        self.excused: set[str] = set()
        self.bad_edges: set[str] = set()
        self.fell: list[Fault] = []
        self.proven: set[Proof] = set()
        """The places that a gate, or a person, has found well, each in the phase in which that was so."""
        self.checks = Counter[Any]()
        """How often gates were asked about the candidates of a check."""
        self.late = False
        """Whether a controller was stopped when it had just heard that it has the lease."""
        self._faults = list(scenario.faults)
        self._watch: Callable[[], None] = lambda: None
        self._changes, self._names = True, itertools.count()
        self._run_before()
        self.state = {"inputs": self.inputs(scenario.wishes[0]), "left": set()}
        self.agenda.before = self._before

    def inputs(self, wish: Wish, decision: str | None = None) -> dict[str, Any]:
        """What the Rollout is given for a wish."""
        return inputs_of(wish, self.scenario.hosts, self.scenario.edges, self.scenario.settings, decision)

    def deploy(self, wish: Wish, decision: str | None = None) -> Controller:
        """Start a deploy; a `decision` is about the last rollout."""
        name = f"c{len(self.controllers)}"
        errands.measures = lambda fleet, values, edges: Measures(self)
        errands.datetime = SimpleNamespace(now=lambda zone: EPOCH + timedelta(seconds=self.agenda.now))
        errands.controller = lambda: f"c{next(self._names)}"
        port.author = lambda: "somebody"
        made = Controller(Process(self.agenda, name), self.links, wish, self.inputs(wish, decision), self.state)
        self.controllers.append(made)
        return made

    @property
    def faults_to_come(self) -> bool:
        """Whether more will befall it, if it goes on."""
        return bool(self._faults)

    @property
    def over(self) -> bool:
        """Whether no deploy does anything more."""
        return all(controller.over for controller in self.controllers)

    @property
    def edges(self) -> list[Machine]:
        """The hosts with an edge of which nothing is excused."""
        return [self.machines[name] for name in self.scenario.edges if name not in self.bad_edges]

    def serves(self, name: str) -> bool:
        """Whether an instance, or its second slot, is healthy somewhere, and every edge sends to one of them."""
        well = [
            server_name(each, machine.name, home.service.release.port)
            for machine in self.machines.values()
            for each in (name, slot_name(name))
            if machine.up
            and (home := machine.homes.get(each)) is not None
            and home.service is not None
            and home.service.unwell(self.agenda.now) is None
        ]
        return bool(well) and all(any(edge.edge.sends(server) for server in well) for edge in self.edges if edge.edge)

    def answers(self, server: str) -> bool:
        """Whether what an edge calls so is ready."""
        _, host, port = server.split(".")
        return self.machines[host].ready(int(port))

    def judged(self, check: Check) -> str | None:
        """What gates find of the candidates of a check, as their wish says."""
        for wish in reversed(self.scenario.wishes):
            if any(place.generation == wish.releases[place.instance].name for place in check.candidates):
                return wish.judged.get(str(check.phase))
        return None

    @property
    def story(self) -> Story | None:
        """The newest one on any host."""
        return latest({name: {"stories": dict(each.records.latest(1))} for name, each in self.machines.items()})

    def decide(self, story: Story, verb: str) -> None:
        """A person takes the place of the gates of a check at which a rollout is held."""
        stage = story.plan.stages[story.at]
        if verb == "promote" and isinstance(stage, Check):
            self.proven |= {(stage.phase, place) for place in stage.candidates}

    def _run_before(self) -> None:
        """The first wish runs, and is admitted."""
        wish = self.scenario.wishes[0]
        names = servers_of(wish, self.scenario.settings["strategy"])
        for name, host in wish.placement.items():
            machine, release = self.machines[host], wish.releases[name]
            machine.stage(name, release)
            home = machine.home(name)
            home.current = release.name
            home.boot()
        for edge in self.edges:
            assert edge.edge
            edge.edge.apply(names)
            for name in sorted(servers_of(wish, "rolling")):
                edge.edge.admit(name)
        self.agenda.run(lambda: self.agenda.now >= 10, 10)

    # --- what befalls it

    def _before(self) -> None:
        """Before each step: what has to hold, and the faults whose time has come."""
        if self._changes:
            self._changes = False
            self._watch()
        while self._faults and self._faults[0].step <= self.agenda.steps:
            fault = self._faults.pop(0)
            if not self.befall(fault) and fault.kind == "kill switch" and not self.over:
                # there is none yet: its time comes
                self._faults.insert(0, replace(fault, step=self.agenda.steps + 1))
                break

    def watched_by(self, watch: Any) -> None:
        """Let somebody look at whatever changes, and at every switch that begins."""
        self._watch = watch.look
        for machine in self.machines.values():
            machine.begins = watch.begins
        for link in self.links.values():
            link.heard = watch.heard

    def _changed(self) -> None:
        self._changes = True

    def befall(self, fault: Fault) -> bool:
        """Let a fault happen; False where it would be none."""
        fell = self._befall(fault)
        if fell:
            self.fell.append(fault)
        return fell

    def _befall(self, fault: Fault) -> bool:
        if fault.kind in ("cut", "reboot", "full", "kill switch", "restart"):
            return fault.what in self.machines and self._host_fault(fault, self.machines[fault.what])
        alive = [each for each in self.controllers if not each.over]
        if fault.kind in ("kill", "stop", "cancel"):
            return fault.what < len(alive) and self._signal(fault, alive[fault.what])
        if fault.kind == "abort":
            return fault.what < len(alive) and self._request(alive[fault.what].process.token)
        if fault.kind == "start":
            return len(alive) < 2 and bool(self.deploy(self.scenario.wishes[fault.what]))
        if fault.kind == "ill":
            return self._fall_ill(fault)
        self._unready("HTTP 503 from /ready")
        self.agenda.after(fault.seconds, self._unready, None)
        return True

    def _request(self, token: str) -> bool:
        """Somebody asks for the end of a rollout that hosts tell of, at each host that can take it."""
        name = f"r{token.partition(':')[0]}"
        wanted = {"rollout": name, "verb": "abort", "by": "somebody", "at": "once"}
        known = any(name in machine.records.stories for machine in self.machines.values())
        answers = [machine.records.wish(wanted) for machine in self.machines.values() if machine.up and known]
        return any(answer["state"] == "requested" for answer in answers)

    def _unready(self, why: str | None) -> None:
        for machine in self.machines.values():
            machine.unready = why
            machine.changed()

    def _fall_ill(self, fault: Fault) -> bool:
        services = [m.homes[fault.what].service for m in self.machines.values() if fault.what in m.homes]
        running = [service for service in services if service and not service.hindered]
        for service in running:
            service.ill = "HTTP 500"
            self.agenda.after(fault.seconds, self._recovers, service)
        self.excused.add(fault.what.removesuffix(SLOT))
        self._changed()
        return bool(running)

    def _recovers(self, service: Any) -> None:
        service.ill = None
        for machine in self.machines.values():
            machine.changed()

    def _host_fault(self, fault: Fault, machine: Machine) -> bool:
        if not machine.up:
            return False
        self.bad_edges.add(machine.name)
        self.excused |= {
            name for wish in self.scenario.wishes for name, host in wish.placement.items() if host == machine.name
        }
        if fault.kind == "cut":
            self.links[machine.name].cut(fault.seconds)
        elif fault.kind == "reboot":
            machine.reboot(fault.seconds)
            self.links[machine.name].reset()
        elif fault.kind == "full":
            machine.full = FULL
            self.agenda.after(fault.seconds, self._emptied, machine)
        elif fault.kind == "restart":
            return any(home.restart("health")["state"] == "restarted" for home in machine.instances[:1])
        else:
            killed = [home.kill_switch() for home in machine.homes.values()]
            return any(killed)
        return True

    def _emptied(self, machine: Machine) -> None:
        machine.full = None

    def _signal(self, fault: Fault, controller: Controller) -> bool:
        if controller.over:
            return False
        if fault.kind == "kill":
            controller.process.kill_signal()
        elif fault.kind == "cancel":
            controller.cancel()
        else:
            controller.stopped = True
            if self.agenda.now - controller.process.held_at < BETWEEN:
                self.late = True
                self.excused |= {name for wish in self.scenario.wishes for name in wish.releases}
            controller.process.stop_signal()
            self.agenda.after(fault.seconds, controller.process.continue_signal)
        return True

    # --- the end of all faults

    def heal(self) -> None:
        """No fault any more, and nothing is stopped; what was killed stays so."""
        self._faults.clear()
        for machine in self.machines.values():
            machine.full = None
            machine.unready = None
            if not machine.up:
                machine.boot_now()
            self.links[machine.name].mend()
            for home in machine.homes.values():
                if home.service:
                    home.service.ill = None
            machine.changed()
        for controller in self.controllers:
            if controller.process.stopped:
                controller.process.continue_signal()
