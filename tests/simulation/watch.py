"""What must hold: at every step, when a switch begins, when a deploy ends, and at rest."""

from deploy.errors import ForPeople
from deploy.manifest.paths import EDGE_HELPER, server_name
from deploy.rollout.back import Superseded
from deploy.rollout.decide import before, open_ended
from deploy.rollout.execute import RolloutFailed
from deploy.rollout.lease import PATIENCE, LeaseHeld
from deploy.rollout.ledger import REJECT, WHY
from deploy.rollout.order import needs_of
from deploy.rollout.plan import Plan, Target
from tests.simulation.controller import Controller
from tests.simulation.model.home import BACK, Home
from tests.simulation.model.records import rank
from tests.simulation.process import Process
from tests.simulation.scenario import Wish
from tests.simulation.traffic import Traffic
from tests.simulation.world import Broken, World

Generations = dict[tuple[str, str], str | None]
HOST_FAULTS = ("cut", "reboot", "full", "kill switch", "restart")
NOTICED = 20.0
"""Seconds in which a controller has noticed that an instance is down, whatever it was doing."""


class Watch:
    """Looks at a world without changing it; raises Broken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.traffic = Traffic(world)
        self._ended: set[str] = set()
        self._before: dict[str, Generations] = {}
        self._planned: dict[str, Plan] = {}
        self._traded: set[str] = set()
        self._most = 0
        self._down: dict[str, float] = {}
        wishes = world.scenario.wishes
        self._kept = sorted(set.intersection(*(set(wish.releases) for wish in wishes)))
        releases = [each for wish in wishes for each in wish.releases.items()]
        self._sick = {name for name, release in releases if release.sick_after is not None}

    # --- at every step

    def look(self) -> None:
        """Something has changed."""
        self._plans()
        self._capacity()
        self._fencing()
        self.traffic.look()
        for controller in self.world.controllers:
            name = controller.process.name
            if name not in self._before:
                self._before[name] = self.generations()
            elif controller.over and name not in self._ended:
                self._ended.add(name)
                self._end(controller)

    @property
    def _limit(self) -> int | None:
        """How many may be out of service at a time."""
        settings = self.world.scenario.settings
        return None if settings["batch"] is None else min(settings["batch"], settings["max_unavailable"])

    def _plans(self) -> None:
        """No batch is larger than the limits, but for what ports bind together, which says so."""
        for controller in self.world.controllers:
            plan, name = controller.plan, controller.process.name
            if plan is None or plan is self._planned.get(name):
                continue
            self._planned[name] = plan
            self.traffic.planned(plan)
            for batch in plan.batches:
                needs = needs_of(batch.steps)
                self._traded |= {step.instance for step in (*needs, *needs.values())}
                costs = 0 if batch.idle and self.world.scenario.edges else sum(step.costs for step in batch.steps)
                if batch.why:
                    self._most = max(self._most, costs)
                    self._traded |= {step.instance for step in batch.steps}
                elif self._limit is not None and costs > self._limit:
                    raise Broken(f"a batch takes {costs} out of service, {self._limit} allowed")

    def _capacity(self) -> None:
        """No more are out of service at a time than the limits allow, but for those that a fault has hit."""
        now = self.world.agenda.now
        out = {name: self._down.get(name, now) for name in self._kept if not self.world.serves(name)}
        self._down = out
        for controller in self.world.controllers:
            if controller.process.began_at > now:
                controller.unwell |= out.keys()
        if self._limit is None:
            return
        limit = max(self._limit, self._most)
        ours = [name for name in out if name not in self.world.excused and name not in self._sick]
        if len(ours) > limit:
            raise Broken(f"{', '.join(ours)} are out of service at a time, {limit} allowed")

    def _fencing(self) -> None:
        for machine in self.world.machines.values():
            for token, highest in machine.records.written:
                if token < highest:
                    raise Broken(f"{machine.name} took a write of {token} after {highest} had the lease")
            machine.records.written.clear()

    # --- when a host hears something

    def heard(self, process: Process, words: tuple[str, ...]) -> None:
        """Edges refuse nobody: who has lost the lease everywhere takes nothing out there any more."""
        self.traffic.heard(process, words)
        if words and words[0] == EDGE_HELPER and words[1] in ("drain", "retire", "shift"):
            mine = rank(process.token)
            lost = [machine.records.highest > mine for machine in self.world.machines.values() if machine.records.lease]
            if all(lost) and not self.world.late:
                raise Broken(f"{process.name} has lost the lease, and edges hear: {' '.join(words[1:3])}")

    def begins(self, home: Home, purpose: str) -> None:
        """A switch is about to stop what runs."""
        if home.service is None or home.service.unwell(self.world.agenda.now):
            return
        server = server_name(home.name, home.machine.name, home.service.release.port)
        sending = [edge.name for edge in self.world.edges if edge.edge and edge.edge.sends(server)]
        if sending and not any(controller.stopped for controller in self.world.controllers):
            raise Broken(f"{home.name} is stopped while {', '.join(sending)} sends to it")
        if purpose not in BACK and not home.is_slot:
            self._pace(home.name)

    def _pace(self, name: str) -> None:
        """A batch does not begin while so many others are down, since it began, that it would be too many."""
        now, most = self.world.agenda.now, self.world.scenario.settings["max_unavailable"]
        for controller in self.world.controllers if most is not None else ():
            plan, began = controller.plan, controller.process.began_at
            batches = [{step.instance for step in each.steps} for each in plan.batches if not each.idle] if plan else []
            batch = next((each for each in batches[1:] if name in each), None)
            if controller.over or batch is None:
                continue
            others = controller.wish.releases.keys() - batch - controller.unwell
            down = [each for each, since in self._down.items() if each in others and began < since < now - NOTICED]
            if down and len(down) + len(batch & set(self._kept)) > most and not controller.stopped:
                raise Broken(f"{name} is stopped while {', '.join(down)} are down, {most} allowed")

    # --- when a deploy ends

    def _end(self, controller: Controller) -> None:
        error = controller.error
        if controller.process.errors:
            raise Broken(f"an error that nobody took: {controller.process.errors}")
        if error is not None and not isinstance(error, ForPeople):
            raise Broken(f"a deploy ended with {error!r}") from error
        if isinstance(error, LeaseHeld):
            self._blocked(controller)
        if isinstance(error, Superseded) and not self._excuses(controller):
            raise Broken(f"a deploy that lives was superseded: {error}")
        if "another activation" in str(error) and not self._excuses(controller):
            raise Broken(f"a deploy did not wait for an earlier switch: {error}")
        alone = len(self.world.controllers) == 1
        if isinstance(error, RolloutFailed) and "degraded" not in str(error) and alone:
            self.unchanged(self._before[controller.process.name], f"a deploy ended with: {error}")
            self._nothing_pending(controller)
        if controller.done and alone:
            self.is_wanted(controller.wish)
        if controller.done and alone and not controller.stopped and not self.world.bad_edges:
            self._is_well(controller.wish)

    def _excuses(self, controller: Controller) -> bool:
        """Whether anything befell it or hosts that may have cost it the lease."""
        return controller.stopped or any(fault.kind in HOST_FAULTS for fault in self.world.fell)

    def _blocked(self, controller: Controller) -> None:
        """Only who lives may block for longer than a minute."""
        others = [each for each in self.world.controllers if each is not controller]
        since = max([controller.began, *(each.process.killed_at for each in others)])
        if not controller.stopped and self.world.agenda.now - since > PATIENCE + 15:
            raise Broken("a controller that is dead blocked another for more than a minute")

    def _nothing_pending(self, controller: Controller) -> None:
        """What one was told to be back is not on its way; an undo can overtake what a stopped deploy had begun."""
        homes = [home for machine in self.world.machines.values() for home in machine.homes.values()]
        pending = [home.name for home in homes if home.pending and home.name not in self.world.excused]
        if pending and not controller.stopped:
            raise Broken(f"{', '.join(pending)} is pending; but a deploy ended with: {controller.error}")

    def _is_well(self, wish: Wish) -> None:
        """What fell ill because of its release has been noticed, if there was time for it."""
        now = self.world.agenda.now
        for machine in self.world.machines.values():
            for name, home in machine.homes.items():
                late = home.service and home.service.release.sick_after
                if late and name in wish.releases and home.service and home.service.healthy_at + late < now - NOTICED:
                    raise Broken(f"a deploy ended well; but {name} has been ill for long")

    # --- at rest

    def generations(self) -> Generations:
        """What every instance runs, or will run again when what is pending goes back."""
        return {
            (machine.name, name): home.pending["from"] if home.pending else home.current
            for machine in self.world.machines.values()
            for name, home in machine.homes.items()
            if not home.is_slot
        }

    def belongs(self) -> Generations:
        """What every instance runs that is not on its way; where a rollout has not ended, what ran before it."""
        story = self.world.story
        return self.places(before(story)) if story and open_ended(story) else self.generations()

    def places(self, target: Target) -> Generations:
        """What runs where of a target, and nothing anywhere else."""
        there = {(target.placement[name], name): generation for name, generation in target.instances.items()}
        return {**dict.fromkeys(self.generations()), **there}

    def unchanged(self, was: Generations, what: str) -> None:
        """Every instance runs what it ran."""
        now = self.generations()
        places = sorted(was.keys() | now.keys())
        differs = {place: (was.get(place), now.get(place)) for place in places if was.get(place) != now.get(place)}
        if differs:
            raise Broken(f"{what}; but {differs}")

    def is_wanted(self, wish: Wish) -> None:
        """Every instance runs what is wanted, where it is wanted, and nothing else runs."""
        if self.world.scenario.settings["unreachable"] == "skip" and self.world.bad_edges:
            return
        wanted = {(host, name): wish.releases[name].name for name, host in wish.placement.items()}
        now = {place: generation for place, generation in self.generations().items() if generation}
        if now != wanted:
            raise Broken(f"a deploy ended well; but {now} runs, wanted was {wanted}")

    def was_rejected(self, wish: Wish) -> bool:
        """Whether some host remembers that something of what is wanted was rolled back."""
        wanted = {(name, release.name) for name, release in wish.releases.items()}
        homes = [home for machine in self.world.machines.values() for home in machine.homes.values()]
        lines = [(home.name, line) for home in homes for line in home.ledger]
        failed = {(name, line["to"]) for name, line in lines if line["verdict"] == "failed"}
        taken = {(name, line["from"]) for name, line in lines if line["purpose"] == REJECT}
        left = {(name, line["from"]) for name, line in lines if line["purpose"] in WHY}
        moved = left - {(home.name, home.current) for home in homes}  # but what went on elsewhere
        return bool(wanted & (failed | taken | moved))

    def at_rest(self) -> None:
        """Each runs a known generation, nothing is pending, and whatever runs is admitted."""
        for machine in self.world.machines.values():
            for name, home in machine.homes.items():
                if home.pending or home.at_work:
                    raise Broken(f"{name} on {machine.name} is pending at rest")
                running = home.service.release.name if home.service else None
                if running != home.current:
                    raise Broken(f"{name} on {machine.name} runs {running}, and {home.current} is current")
                if home.service and home.service.hindered and name not in self.world.excused | self._halved:
                    raise Broken(f"{name} on {machine.name} can not start")
                if home.service and not home.is_slot:
                    self.traffic.served(machine.name, name, home.service.release.port)

    @property
    def _halved(self) -> set[str]:
        """Those that traded ports when their controller was killed: some may have been confirmed, others go back."""
        killed = any(controller.process.killed for controller in self.world.controllers)
        return self._traded if killed else set()
