"""The plans of canary and blue-green: what is new is tested before it gets traffic, and one shift goes back. Pure.

Both keep what an instance ran in its second slot, move its traffic there, and switch the instance while it is idle.
What takes nothing away (new, stopped and failed instances), repairs and removals go as in a rolling update.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final

from deploy.manifest.paths import server_name, slot_name
from deploy.manifest.running import NOTHING, generation_of, serves
from deploy.rollout.order import make_plan
from deploy.rollout.plan import Batch, Check, Hold, Kind, Limits, Phase, Place, Plan, Shift, Stage, Step, Target
from deploy.rollout.weights import FULL, shared

CANARY: Final = "canary"
BLUE_GREEN: Final = "blue-green"
PROGRESSIVE: Final = frozenset({CANARY, BLUE_GREEN})


@dataclass(frozen=True)
class CanaryStep:
    """So many `instances` are canaries, or `percent` of those that change, and get `weight` percent of the traffic.

    None: as many as in the step before (one in the first), and the place that each had.
    """

    instances: int | None = None
    percent: float | None = None
    weight: float | None = None


@dataclass(frozen=True)
class How:
    """How a stack goes about it: the steps of a canary, whether a person always decides, the seconds that slots stay.

    `impls` is the implementation of each instance, `slots` the port of its second slot; without `edges` no traffic
    can be moved.
    """

    strategy: str
    steps: tuple[CanaryStep, ...] = (CanaryStep(1, weight=10.0), CanaryStep(weight=50.0))
    hold: bool = False
    warm: float = 0.0
    edges: bool = True
    impls: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, int] = field(default_factory=dict)


def progressive_plan(found: Target, wanted: Target, lost: frozenset[str], limits: Limits, how: How) -> Plan:
    """The plan of a canary or of blue-green; that of a rolling update where no serving instance gets anything new."""
    rolling = make_plan(found, wanted, lost, limits)
    changed = tuple(step for batch in rolling.batches for step in _changing(batch))
    if not changed:
        return rolling
    rest = [replace(batch, steps=left) for batch in rolling.batches if (left := _others(batch, changed))]
    free = [batch for batch in rest if not any(step.costs or step.kind is Kind.STOP for step in batch.steps)]
    last = [batch for batch in rest if batch not in free]
    stay = tuple(server for server in _servers(found, wanted) if server not in _left(changed, 0))
    made = _canary(changed, stay, limits, how) if how.strategy == CANARY else _blue_green(changed, how)
    return Plan((*free, *made, *last), rolling.watched, how.warm if how.strategy == BLUE_GREEN else 0.0)


def _servers(found: Target, wanted: Target) -> tuple[str, ...]:
    """Where instances that stay where they are answer now."""
    return tuple(
        server_name(name, host, found.ports[name])
        for name, host in sorted(wanted.placement.items())
        if found.placement.get(name) == host and name in found.ports and serves(found.instances.get(name, NOTHING))
    )


def _changing(batch: Batch) -> tuple[Step, ...]:
    """The steps of a batch that have a serving instance run something else; of those bound together all or none."""
    new = tuple(step for step in batch.steps if step.costs and generation_of(step.before) != step.generation)
    return new if not batch.why or new == batch.steps else ()


def _others(batch: Batch, changed: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(step for step in batch.steps if step not in changed)


def _blue_green(changed: Sequence[Step], how: How) -> Iterator[Stage]:
    yield from _idle(changed, how)
    if how.hold:
        yield Hold("hold: a person promotes or aborts, before anything new gets traffic")
    slots = [_slot(step, how) for step in changed]
    if how.edges:
        weights = _weights(dict.fromkeys(changed, FULL), dict.fromkeys(slots, 0))
        back = _weights(dict.fromkeys(changed, 0), dict.fromkeys(slots, FULL))
        yield Shift(weights, back, f"all traffic to {_names(changed)}; undone: back to the second slots")
    yield _check(Phase.AFTER, changed, how, "check it with all of the traffic")


def _canary(changed: Sequence[Step], stay: Sequence[str], limits: Limits, how: How) -> Iterator[Stage]:
    chosen: tuple[Step, ...] = ()
    before: Mapping[str, int] = {}
    count = 1
    others = list(changed)
    for step in how.steps:
        count = _count(step, len(changed), count)
        wider = _first(changed, how.impls, count)
        yield from _idle([each for each in wider if each not in chosen], how)
        chosen, others = wider, [each for each in changed if each not in wider]
        if how.edges:
            slots = [_slot(each, how) for each in chosen]
            weights = _shares(step.weight, chosen, slots, [*_left(others, FULL), *stay])
            parked = {**_weights(dict.fromkeys(chosen, 0), dict.fromkeys(slots, FULL)), **before}
            back = {server: parked.get(server, FULL) for server in weights}
            yield Shift(weights, back, f"{_share(step.weight)} to {_names(chosen)}; undone: back to what it was")
            before = weights
            yield _check(Phase.TRAFFIC, chosen, how, f"check {_names(chosen)} with {_share(step.weight)}")
        if how.hold:
            yield Hold(f"hold: a person promotes or aborts, with {_names(chosen)} as canaries")
    if how.edges and chosen:
        slots = [_slot(each, how) for each in chosen]
        full = {**dict.fromkeys(before, FULL), **_weights({}, dict.fromkeys(slots, 0))}
        yield Shift(full, before, f"{_names(chosen)} in full service; undone: back to what it was")
    yield from _waves(others, limits)


def _idle(steps: Sequence[Step], how: How) -> Iterator[Stage]:
    """What each runs goes on in its second slot, with its traffic; then it is switched and looked at, idle."""
    if not steps:
        return
    slots = [_slot(step, how) for step in steps]
    yield Batch(tuple(slots), idle=True)
    if how.edges:
        weights = _weights({}, dict.fromkeys(slots, FULL)) | _left(steps, 0)
        back = _weights({}, dict.fromkeys(slots, 0)) | _left(steps, FULL)
        yield Shift(weights, back, f"traffic of {_names(steps)} to their second slots; undone: back to them")
    yield Batch(tuple(steps), idle=True)
    yield _check(Phase.IDLE, steps, how, f"check {_names(steps)}, idle")


def _waves(steps: Sequence[Step], limits: Limits) -> Iterator[Batch]:
    """The rest, so many at a time."""
    size = limits.size or len(steps) or 1
    for start in range(0, len(steps), size):
        yield Batch(tuple(steps[start : start + size]))


def _slot(step: Step, how: How) -> Step:
    """The step that keeps what an instance runs in its second slot."""
    name, old = slot_name(step.instance), str(generation_of(step.before))
    return Step(Kind.KEEP, name, step.host, NOTHING, old, how.slots[step.instance])


def _check(phase: Phase, steps: Sequence[Step], how: How, title: str) -> Check:
    slots = [_slot(step, how) for step in steps]
    return Check(phase, title, tuple(map(_place, steps)), tuple(map(_place, slots)))


def _place(step: Step) -> Place:
    return Place(step.instance, step.host, step.port or 0, step.generation)


def _weights(*groups: Mapping[Step, int]) -> dict[str, int]:
    """The weights of the places at which steps will answer."""
    return {step.server: weight for group in groups for step, weight in group.items() if step.server}


def _left(steps: Sequence[Step], weight: int) -> dict[str, int]:
    """A weight for the places that steps leave."""
    return {step.server_before: weight for step in steps if step.server_before}


def _shares(
    weight: float | None, chosen: Sequence[Step], slots: Sequence[Step], rest: Sequence[str]
) -> Mapping[str, int]:
    """The weights of a step of a canary; without a share each canary and its baseline have half of one place."""
    mine, base = list(_weights(dict.fromkeys(chosen, 1))), list(_weights(dict.fromkeys(slots, 1)))
    if weight is None:
        return {**dict.fromkeys((*mine, *base), FULL // 2), **dict.fromkeys(rest, FULL)}
    return shared(weight / 100, mine, [*base, *rest])


def _count(step: CanaryStep, changed: int, before: int) -> int:
    """How many canaries a step has, never fewer than the one before it."""
    share = ceil(step.percent * changed / 100) if step.percent is not None else 1
    return max(before, step.instances or share)


def _first(changed: Sequence[Step], impls: Mapping[str, str], count: int) -> tuple[Step, ...]:
    """The first one of each implementation, and as many of the others as are missing, in their order."""
    ones = {impls.get(step.instance, ""): step for step in reversed(changed)}
    ordered = sorted(changed, key=lambda step: step not in ones.values())
    return tuple(ordered[: max(count, len(ones))])


def _names(steps: Sequence[Step]) -> str:
    return ", ".join(step.instance for step in steps)


def _share(weight: float | None) -> str:
    return f"{weight:g} % of the traffic" if weight is not None else "half of their own traffic"


def without_checks(plan: Plan) -> Plan:
    """The same without anything that looks or waits: for an emergency."""
    return replace(plan, stages=tuple(stage for stage in plan.stages if not isinstance(stage, Check | Hold)))
