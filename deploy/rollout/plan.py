"""What a rollout will do, from what was found and what is wanted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from deploy.manifest.running import NOTHING


class Kind(StrEnum):
    """What a step does to one instance."""

    ACTIVATE = "activate"
    STOP = "stop"


@dataclass(frozen=True)
class Step:
    """One instance on one host: `before` is the phrase of what it runs, `generation` what it is to run."""

    kind: Kind
    instance: str
    host: str
    before: str
    generation: str

    def __str__(self) -> str:
        if self.kind is Kind.STOP:
            return f"stop {self.instance} on {self.host}, which ran {self.before}"
        again = self.before.split(" ")[0] == self.generation
        change = f"again {self.generation}, found as {self.before}" if again else f"{self.before} -> {self.generation}"
        return f"activate {self.instance} on {self.host}: {change}"


@dataclass(frozen=True)
class Plan:
    """The steps in their order: activations, all at once, then stops."""

    steps: tuple[Step, ...]

    @property
    def activations(self) -> tuple[Step, ...]:
        """Steps that succeed or go back together."""
        return tuple(step for step in self.steps if step.kind is Kind.ACTIVATE)

    @property
    def stops(self) -> tuple[Step, ...]:
        """Steps for what is no longer wanted; done last."""
        return tuple(step for step in self.steps if step.kind is Kind.STOP)

    def lines(self) -> tuple[str, ...]:
        """The plan as a numbered list."""
        return tuple(f"{number}. {step}" for number, step in enumerate(self.steps, start=1))


@dataclass(frozen=True)
class Target:
    """What a rollout is about: the generation (or found phrase) of each instance, and the host on which it is."""

    instances: Mapping[str, str]
    placement: Mapping[str, str]


def make_plan(found: Target, wanted: Target, lost: frozenset[str] = frozenset()) -> Plan:
    """Activate what is not found as wanted; stop what is wanted there no longer; leave lost hosts out."""
    activate = [
        Step(Kind.ACTIVATE, name, wanted.placement[name], _before(found, wanted, name), generation)
        for name, generation in sorted(wanted.instances.items())
        if wanted.placement[name] not in lost and _before(found, wanted, name) != generation
    ]
    stop = [
        Step(Kind.STOP, name, host, found.instances.get(name, NOTHING), NOTHING)
        for name, host in sorted(found.placement.items())
        if wanted.placement.get(name) != host and host not in lost
    ]
    return Plan((*activate, *stop))


def _before(found: Target, wanted: Target, name: str) -> str:
    if found.placement.get(name) != wanted.placement[name]:
        return NOTHING
    return found.instances.get(name, NOTHING)
