"""What must hold of canaries and blue-green: what is new gets traffic, and a rollout goes on, only after a pass."""

import json
from collections.abc import Sequence
from functools import lru_cache

from deploy.manifest.paths import HELPER, SLOT, server_name
from deploy.rollout.plan import Check, Kind, Phase, Place, Plan
from deploy.rollout.story import Story, read
from tests.simulation.process import Process
from tests.simulation.world import Broken, World

Picture = tuple[object, ...]


@lru_cache(maxsize=256)
def story_in(text: str) -> Story | None:
    """The story that a host is told."""
    return read(json.loads(text))


class Traffic:
    """Looks at the edges of a world, and at what controllers tell hosts; raises Broken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._candidates: set[Place] = set()
        """What checks have to find well before it gets traffic."""

    def planned(self, plan: Plan) -> None:
        """Somebody carries out another plan: what it activates without checks needs none."""
        checks = [stage for stage in plan.stages if isinstance(stage, Check)]
        self._candidates |= {place for check in checks if check.phase is Phase.IDLE for place in check.candidates}
        free = {
            (step.instance, step.host, step.generation)
            for batch in plan.batches
            if not batch.idle
            for step in batch.steps
            if step.kind is Kind.ACTIVATE
        }
        self._candidates = {
            place for place in self._candidates if (place.instance, place.host, place.generation) not in free
        }

    def look(self) -> None:
        """Nothing new gets traffic unless its judge said pass."""
        for place in self._candidates:
            if (Phase.IDLE, place) not in self.world.proven and self._runs(place):
                for name in self._sending(place.server):
                    raise Broken(f"the edge on {name} sends to {place.server}, of which no gate said pass")

    def _runs(self, place: Place) -> bool:
        home = self.world.machines[place.host].homes.get(place.instance)
        service = home.service if home else None
        return service is not None and service.release.name == place.generation and service.release.port == place.port

    def _sending(self, server: str) -> list[str]:
        skips = self.world.scenario.settings["unreachable"] == "skip"
        edges = self.world.edges if skips else [self.world.machines[name] for name in self.world.scenario.edges]
        return [edge.name for edge in edges if edge.edge and edge.up and edge.edge.sends(server)]

    def heard(self, process: Process, words: tuple[str, ...]) -> None:
        """No stage after a check is reached unless its judge said pass."""
        if words[:2] != (HELPER, "story"):
            return
        story = story_in(words[-1])
        for check in story.plan.stages[: story.at] if story else ():
            if isinstance(check, Check) and any(
                (check.phase, each) not in self.world.proven for each in check.candidates
            ):
                raise Broken(f"{process.name} goes on after a check that nobody said to have passed: {check.title}")

    # --- at rest

    def picture(self) -> Picture:
        """All that a rollout changes: what runs where, and the weights of all servers."""
        machines = sorted(self.world.machines.items())
        runs = [(host, name, home.current) for host, each in machines for name, home in sorted(each.homes.items())]
        return tuple(runs), self.weights()

    def weights(self) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
        """What each edge sends where."""
        edges = [(name, self.world.machines[name].edge) for name in self.world.scenario.edges]
        return tuple(
            (name, tuple((server, edge.weight(server)) for server in sorted(edge.servers) if edge.weight(server)))
            for name, edge in edges
            if edge
        )

    def _answered(self, pairs: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """Those at which the instance answers: an edge that was away may keep places that it has left."""
        return tuple((server, weight) for server, weight in pairs if self._here(server))

    def _here(self, server: str) -> bool:
        name, host, port = server.split(".")
        home = self.world.machines[host].homes.get(name)
        return home is not None and home.service is not None and home.service.release.port == int(port)

    def same_everywhere(self) -> None:
        """All edges agree, and send to instances alone."""
        weights = [(name, self._answered(pairs)) for name, pairs in self.weights()]
        if len({pairs for _, pairs in weights}) > 1:
            raise Broken(f"edges do not agree at rest: {weights}")
        for name, pairs in weights:
            uneven = [(server, weight) for server, weight in pairs if weight != 100 or SLOT in server]
            if uneven:
                raise Broken(f"the edge on {name} is left with {uneven}")

    def no_slots(self) -> None:
        """Second slots are gone, but for those on hosts that could not be told in the end that they may go."""
        for machine in self.world.machines.values():
            if machine.name in self.world.bad_edges or machine.records.newest() in ("running", "held"):
                continue
            for name, home in machine.homes.items():
                if home.is_slot and not home.empty:
                    raise Broken(f"{name} on {machine.name} is left behind: {home.current}, warm: {home.warm}")

    def served(self, host: str, instance: str, port: int) -> None:
        """Every edge sends to an instance that runs, or to its second slot that is well."""
        servers = [server_name(instance, host, port)]
        slot = self.world.machines[host].homes.get(f"{instance}{SLOT}")
        service = slot.service if slot else None
        if slot and service and not (service.release.good and service.unwell(self.world.agenda.now)):
            servers.append(server_name(slot.name, host, service.release.port))
        for edge in self.world.edges:
            if edge.edge and not any(edge.edge.sends(server) for server in servers):
                states = {server: edge.edge.servers.get(server) for server in servers}
                raise Broken(f"the edge on {edge.name} says {states} at rest")
