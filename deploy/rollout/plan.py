"""What a rollout will do, from what was found and what is wanted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from deploy.manifest.paths import server_name
from deploy.manifest.running import NOTHING, generation_of, only_drained, serves


class Kind(StrEnum):
    """What a step does to one instance."""

    ACTIVATE = "activate"
    STOP = "stop"
    ADMIT = "admit"
    KEEP = "keep"  # the second slot of an instance runs what the instance ran
    DROP = "drop"  # it is stopped and removed


@dataclass(frozen=True)
class Step:
    """One instance on one host: `before` is the phrase of what it runs there, `generation` what it is to run.

    `port` is where it will answer and `port_before` where it does, None if nowhere or unknown.
    """

    kind: Kind
    instance: str
    host: str
    before: str
    generation: str
    port: int | None = None
    port_before: int | None = None

    @property
    def costs(self) -> bool:
        """Whether it takes away an instance that serves and that is wanted."""
        return self.kind is Kind.ACTIVATE and serves(self.before)

    @property
    def renews(self) -> bool:
        """Whether it has an instance run another generation, or a first one; bringing one back to order does not."""
        return self.kind is Kind.ACTIVATE and generation_of(self.before) != self.generation

    @property
    def server_before(self) -> str | None:
        """What the edges call the place that it leaves, None where nothing ran."""
        return self._server(self.port_before) if generation_of(self.before) else None

    @property
    def server(self) -> str | None:
        """What the edges call the place at which it will answer, None for a stop."""
        return None if self.kind in (Kind.STOP, Kind.DROP) else self._server(self.port)

    def _server(self, port: int | None) -> str | None:
        return server_name(self.instance, self.host, port) if port else None

    def __str__(self) -> str:
        where = f"{self.kind} {self.instance} on {self.host}"
        if self.kind in (Kind.STOP, Kind.DROP):
            return f"{where}, which ran {self.before}"
        if self.kind is Kind.ADMIT:
            return f"{where} to traffic again, found as {self.before}"
        if self.kind is Kind.KEEP:
            return f"{where}: {self.generation}"
        again = f"again {self.generation}, found as {self.before}"
        change = f"{self.before} -> {self.generation}" if self.renews else again
        moved = f", port {self.port_before} -> {self.port}" if self.port_before not in (None, self.port) else ""
        return f"{where}: {change}{moved}"


@dataclass(frozen=True)
class Batch:
    """Steps that are done side by side; `why` they belong together, where more than the batch size binds them.

    Of an `idle` one edges are told nothing: a shift before it has taken the traffic away, one after it gives it back.
    """

    steps: tuple[Step, ...]
    why: str = ""
    idle: bool = False

    def lines(self, number: int) -> tuple[str, ...]:
        """The batch as people read it."""
        head = f"together, since {self.why}:" if self.why else "side by side:"
        undo = f"; undone: {self._undo}" if self.idle else ""
        if len(self.steps) == 1:
            return (f"{number}. {self.steps[0]}{undo}",)
        return (f"{number}. {head}", *(f"   {step}{undo}" for step in self.steps))

    @property
    def _undo(self) -> str:
        ways = {Kind.KEEP: "it is dropped", Kind.DROP: "it stays so"}
        return ways.get(self.steps[0].kind, "it is switched back, idle")


class Phase(StrEnum):
    """When a check comes: before what is new gets traffic, while it gets its share, or once it has all of it."""

    IDLE = "idle"
    TRAFFIC = "traffic"
    AFTER = "after"


@dataclass(frozen=True)
class Place:
    """Where a generation of an instance answers, for gates to look at."""

    instance: str
    host: str
    port: int
    generation: str

    @property
    def server(self) -> str:
        """What the edges call it."""
        return server_name(self.instance, self.host, self.port)


@dataclass(frozen=True)
class Shift:
    """Traffic moves at all edges at once: servers to the weights they get, 0 for none; `back` is what undoes it.

    One that leads `home` moves also to what is not up: the way back is never gated.
    """

    weights: Mapping[str, int]
    back: Mapping[str, int]
    title: str
    home: bool = False

    def lines(self, number: int) -> tuple[str, ...]:
        """The shift as people read it."""
        return (f"{number}. {self.title}",)


@dataclass(frozen=True)
class Check:
    """Gates look at `candidates`, which run what is new, and for comparison at `baselines`, freshly started as well."""

    phase: Phase
    title: str
    candidates: tuple[Place, ...]
    baselines: tuple[Place, ...] = ()

    def lines(self, number: int) -> tuple[str, ...]:
        """The check as people read it."""
        return (f"{number}. {self.title}",)


@dataclass(frozen=True)
class Hold:
    """A person decides: promote or abort."""

    title: str

    def lines(self, number: int) -> tuple[str, ...]:
        """The hold as people read it."""
        return (f"{number}. {self.title}",)


Stage = Batch | Shift | Check | Hold


@dataclass(frozen=True)
class Plan:
    """The stages in their order, and all instances that have to be well meanwhile, each with its host.

    Second slots that it made stay for `warm` s after it is done.
    """

    stages: tuple[Stage, ...]
    watched: Mapping[str, str] = field(default_factory=dict)
    warm: float = 0.0

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The stages that change what instances run."""
        return tuple(stage for stage in self.stages if isinstance(stage, Batch))

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in order."""
        return tuple(step for batch in self.batches for step in batch.steps)

    def lines(self) -> tuple[str, ...]:
        """The plan as a numbered list, a number for each stage."""
        return tuple(line for number, stage in enumerate(self.stages, start=1) for line in stage.lines(number))


@dataclass(frozen=True)
class Target:
    """What a rollout is about: the generation (or found phrase), the host and the port of each instance.

    `arrived` is what was found of instances that are on their new host already, and still on the old one;
    `arrived_ports` is where they answer there.
    """

    instances: Mapping[str, str]
    placement: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    arrived: Mapping[str, str] = field(default_factory=dict)
    arrived_ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """How many instances a batch has, how many may be out of service, and which go first. None: no limit."""

    batch: int | None = None
    max_unavailable: int | None = None
    order: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        """How many serving instances may be switched side by side."""
        given = [limit for limit in (self.batch, self.max_unavailable) if limit is not None]
        return min(given) if given else None


def steps_between(found: Target, wanted: Target, lost: frozenset[str]) -> tuple[Step, ...]:
    """Activate what is not found as wanted; stop what is wanted there no longer; leave lost hosts out."""
    activate = [
        _activation(name, found, wanted)
        for name, generation in sorted(wanted.instances.items())
        if wanted.placement[name] not in lost and _before(found, wanted, name) != generation
    ]
    stop = [
        Step(Kind.STOP, name, host, found.instances.get(name, NOTHING), NOTHING, port_before=found.ports.get(name))
        for name, host in sorted(found.placement.items())
        if wanted.placement.get(name) != host and host not in lost
    ]
    return (*activate, *stop)


def _activation(name: str, found: Target, wanted: Target) -> Step:
    before, host, generation = _before(found, wanted, name), wanted.placement[name], wanted.instances[name]
    stays = found.placement.get(name) == host
    readmit = generation_of(before) == generation and only_drained(before)
    port = wanted.ports.get(name)
    was = (found.ports if stays else found.arrived_ports).get(name)
    return Step(Kind.ADMIT if readmit else Kind.ACTIVATE, name, host, before, generation, port, was)


def _before(found: Target, wanted: Target, name: str) -> str:
    if found.placement.get(name) != wanted.placement[name]:
        return found.arrived.get(name, NOTHING)
    return found.instances.get(name, NOTHING)
