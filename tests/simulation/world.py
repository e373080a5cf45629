"""The world of one run: hosts, links, edges, controllers, what may befall them, and what must hold meanwhile."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import deploy.hosts.port as port
import deploy.provider.resources.rollout as rollout
from deploy.manifest.paths import server_name
from tests.simulation.agenda import Agenda
from tests.simulation.controller import Controller, inputs_of
from tests.simulation.model.edge import READY
from tests.simulation.model.machine import FULL, Machine
from tests.simulation.process import Process
from tests.simulation.scenario import Fault, Scenario, Wish
from tests.simulation.wire import Link

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
        self.links = {name: Link(machine) for name, machine in self.machines.items()}
        self.controllers: list[Controller] = []
        self.excused: set[str] = set()
        self.bad_edges: set[str] = set()
        self.fell: list[Fault] = []
        self.late = False
        """Whether a controller was stopped when it had just heard that it has the lease."""
        self._faults = list(scenario.faults)
        self._watch: Callable[[], None] = lambda: None
        self._changes, self._names = True, itertools.count()
        self._run_before()
        self.state = {"inputs": self.inputs(scenario.wishes[0]), "left": set()}
        self.agenda.before = self._before

    def inputs(self, wish: Wish) -> dict[str, Any]:
        """What the Rollout is given for a wish."""
        return inputs_of(wish, self.scenario.hosts, self.scenario.edges, self.scenario.settings)

    def deploy(self, wish: Wish) -> Controller:
        """Start a deploy."""
        name = f"c{len(self.controllers)}"
        rollout.controller = lambda: f"c{next(self._names)}"
        port.author = lambda: "somebody"
        made = Controller(Process(self.agenda, name), self.links, wish, self.inputs(wish), self.state)
        self.controllers.append(made)
        return made

    @property
    def over(self) -> bool:
        """Whether no deploy does anything more."""
        return all(controller.over for controller in self.controllers)

    @property
    def edges(self) -> list[Machine]:
        """The hosts with an edge of which nothing is excused."""
        return [self.machines[name] for name in self.scenario.edges if name not in self.bad_edges]

    def serves(self, name: str) -> bool:
        """Whether an instance is healthy somewhere, and every edge sends to it there."""
        return any(
            machine.up
            and (home := machine.homes.get(name)) is not None
            and home.service is not None
            and home.service.unwell(self.agenda.now) is None
            and all(self._admitted(edge, name, machine, home.service.release.port) for edge in self.edges)
            for machine in self.machines.values()
        )

    def _admitted(self, edge: Machine, name: str, machine: Machine, port: int) -> bool:
        return edge.edge is not None and edge.edge.servers.get(server_name(name, machine.name, port)) == READY

    def _run_before(self) -> None:
        """The first wish runs, and is admitted."""
        wish = self.scenario.wishes[0]
        names = frozenset(server_name(name, host, wish.releases[name].port) for name, host in wish.placement.items())
        for name, host in wish.placement.items():
            machine, release = self.machines[host], wish.releases[name]
            machine.stage(name, release)
            home = machine.home(name)
            home.current = release.name
            home.boot()
        for edge in self.edges:
            assert edge.edge
            edge.edge.apply(names)
            edge.edge.boot()
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
        if fault.kind in ("kill", "stop", "cancel"):
            return fault.what < len(self.controllers) and self._signal(fault, self.controllers[fault.what])
        if fault.kind == "start":
            return len(self.controllers) < 2 and bool(self.deploy(self.scenario.wishes[fault.what]))
        if fault.kind == "ill":
            return self._fall_ill(fault)
        self._unready("HTTP 503 from /ready")
        self.agenda.after(fault.seconds, self._unready, None)
        return True

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
        self.excused.add(fault.what)
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
            return any(home.restart("health")["state"] == "restarted" for home in tuple(machine.homes.values())[:1])
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
