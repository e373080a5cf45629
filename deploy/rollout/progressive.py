"""The plans of canary and blue-green: what is new is tested before it gets traffic, and one shift goes back. Pure.

Both keep what an instance ran in its second slot, move its traffic there, and switch the instance while it is idle.
What takes nothing away (new, stopped and failed instances), repairs and removals go as in a rolling update.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final

from deploy.manifest.paths import server_name, slot_name
from deploy.manifest.running import NOTHING, generation_of, serves
from deploy.rollout.order import make_plan, needs_of
from deploy.rollout.plan import Batch, Check, Hold, Kind, Limits, Phase, Place, Plan, Shift, Stage, Step, Target
from deploy.rollout.weights import FULL, shared
from deploy.settings.specs import CanaryStep, Strategy

CANARY: Final = str(Strategy.CANARY)
BLUE_GREEN: Final = str(Strategy.BLUE_GREEN)


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
    needs = needs_of(rolling.steps)
    changed = _possible(tuple(step for batch in rolling.batches for step in _changing(batch)), needs)
    if not changed:
        return rolling
    rest = _without(rolling.batches, changed)
    free = [batch for batch in rest if not any(_waits(step, needs) for step in batch.steps)]
    last = [batch for batch in rest if batch not in free]
    stay = tuple(server for server in _servers(found, wanted) if server not in _left(changed, 0))
    fleet = _Fleet(changed, stay, rolling, needs)
    made = _canary(fleet, limits, how) if how.strategy == CANARY else _blue_green(fleet, how)
    return Plan((*free, *made, *last), rolling.watched, how.warm if how.strategy == BLUE_GREEN else 0.0)


@dataclass(frozen=True)
class _Fleet:
    """What is changed, the servers of what stays as it is, the rolling update, and of each who leaves its port."""

    changed: tuple[Step, ...]
    stay: tuple[str, ...]
    rolling: Plan
    needs: Mapping[Step, Step]


def _possible(changed: tuple[Step, ...], needs: Mapping[Step, Step]) -> tuple[Step, ...]:
    """Those that need no port which is left only later, by what is no part of it."""
    able = tuple(step for step in changed if needs.get(step, step) in changed or not _serves(needs[step]))
    return able if able == changed else _possible(able, needs)


def _serves(step: Step) -> bool:
    return step.costs or step.kind is Kind.STOP


def _waits(step: Step, needs: Mapping[Step, Step]) -> bool:
    """Whether it cannot go first: it takes something away, or needs a port that is in use."""
    return _serves(step) or (step in needs and _serves(needs[step]))


def _servers(found: Target, wanted: Target) -> tuple[str, ...]:
    """Where instances that stay where they are answer now."""
    return tuple(
        server_name(name, host, found.ports[name])
        for name, host in sorted(wanted.placement.items())
        if found.placement.get(name) == host and name in found.ports and serves(found.instances.get(name, NOTHING))
    )


def _changing(batch: Batch) -> tuple[Step, ...]:
    """The steps of a batch that have a serving instance run something else; of those bound together all or none."""
    new = tuple(step for step in batch.steps if step.costs and step.renews)
    return new if not batch.why or new == batch.steps else ()


def _without(batches: Sequence[Batch], steps: Collection[Step]) -> list[Batch]:
    """What is left of batches without those steps."""
    left = [replace(batch, steps=tuple(step for step in batch.steps if step not in steps)) for batch in batches]
    return [batch for batch in left if batch.steps]


def _blue_green(fleet: _Fleet, how: How) -> Iterator[Stage]:
    changed, traffic = fleet.changed, _Traffic(how, fleet)
    yield from _idle(changed, traffic)
    if how.hold:
        yield Hold("hold: a person promotes or aborts, before anything new gets traffic")
    weights = {**_at(changed, FULL), **_at(traffic.slots(changed), 0)}
    yield from traffic.shift(weights, f"all traffic to {_names(changed)}; undone: back to the second slots")
    yield _check(Phase.AFTER, changed, traffic, "check it with all of the traffic")


def _canary(fleet: _Fleet, limits: Limits, how: How) -> Iterator[Stage]:
    changed, traffic, chosen, count = fleet.changed, _Traffic(how, fleet), tuple[Step, ...](), 1
    for step in how.steps:
        count = _count(step, len(changed), count)
        wider = _first(fleet, how.impls, count)
        yield from _idle([each for each in wider if each not in chosen], traffic)
        chosen, others = wider, [each for each in changed if each not in wider]
        weights = _shares(step.weight, chosen, traffic.slots(chosen), [*_left(others, FULL), *fleet.stay])
        names, share = _names(chosen), _share(step.weight)
        yield from traffic.shift(weights, f"{share} to {names}; undone: back to what it was")
        if how.edges:
            yield _check(Phase.TRAFFIC, chosen, traffic, f"check {names} with {share}")
        if how.hold:
            yield Hold(f"hold: a person promotes or aborts, with {names} as canaries")
    full = {server: FULL if weight else 0 for server, weight in traffic.now.items()}
    full |= _at(traffic.slots(chosen), 0)
    yield from traffic.shift(full, f"{_names(chosen)} in full service; undone: back to what it was")
    yield from _waves(fleet, chosen, limits)


class _Traffic:
    """The weights along a plan: `now` is what servers have that were ever shifted, from which the way back follows."""

    def __init__(self, how: How, fleet: _Fleet) -> None:
        self._how, self.now = how, dict[str, int]()
        self._serving = {*_left(fleet.changed, FULL), *fleet.stay}

    def slots(self, steps: Sequence[Step]) -> list[Step]:
        """The steps that keep what instances run in their second slots."""
        return [
            Step(
                Kind.KEEP,
                slot_name(step.instance),
                step.host,
                NOTHING,
                str(generation_of(step.before)),
                self._how.slots[step.instance],
            )
            for step in steps
        ]

    def shift(self, weights: Mapping[str, int], title: str) -> Iterator[Shift]:
        """A shift to these weights, where there are edges; slots and new places have none before their first."""
        if self._how.edges:
            back = {server: self.now.get(server, FULL if server in self._serving else 0) for server in weights}
            self.now.update(weights)
            yield Shift(weights, back, title)


def _idle(steps: Sequence[Step], traffic: _Traffic) -> Iterator[Stage]:
    """What each runs goes on in its second slot, with its traffic; then it is switched and looked at, idle."""
    if not steps:
        return
    slots = traffic.slots(steps)
    yield Batch(tuple(slots), idle=True)
    taken = {
        server: traffic.now.get(step.server_before or "", FULL)
        for slot, step in zip(slots, steps, strict=True)
        if (server := slot.server)
    }
    none = {**_left(steps, 0), **_at(steps, 0)}  # a new place, too, which an edge that boots would admit
    yield from traffic.shift(
        {**taken, **none}, f"traffic of {_names(steps)} to their second slots; undone: back to them"
    )
    yield Batch(tuple(steps), idle=True)
    yield _check(Phase.IDLE, steps, traffic, f"check {_names(steps)}, idle")


def _waves(fleet: _Fleet, chosen: Sequence[Step], limits: Limits) -> Iterator[Batch]:
    """The rest, so many at a time, in the order of the rolling update; what is bound together stays so."""
    others, wave = [step for step in fleet.changed if step not in chosen], list[Step]()
    for batch in _without(fleet.rolling.batches, {*fleet.rolling.steps} - {*others}):
        for step in batch.steps:
            full = len(wave) >= (limits.size or len(others)) or fleet.needs.get(step) in wave
            if wave and (full or batch.why):
                yield Batch(tuple(wave))
                wave = []
            wave += [] if batch.why else [step]
        if batch.why:
            yield batch
    if wave:
        yield Batch(tuple(wave))


def _check(phase: Phase, steps: Sequence[Step], traffic: _Traffic, title: str) -> Check:
    return Check(phase, title, tuple(map(_place, steps)), tuple(map(_place, traffic.slots(steps))))


def _place(step: Step) -> Place:
    return Place(step.instance, step.host, step.port or 0, step.generation)


def _at(steps: Sequence[Step], weight: int) -> dict[str, int]:
    """A weight for the places at which steps will answer."""
    return {step.server: weight for step in steps if step.server}


def _left(steps: Sequence[Step], weight: int) -> dict[str, int]:
    """A weight for the places that steps leave."""
    return {step.server_before: weight for step in steps if step.server_before}


def _shares(
    weight: float | None, chosen: Sequence[Step], slots: Sequence[Step], rest: Sequence[str]
) -> Mapping[str, int]:
    """The weights of a step of a canary; without a share each canary and its baseline have half of one place."""
    mine, base = list(_at(chosen, 1)), list(_at(slots, 1))
    if weight is None:
        return {**dict.fromkeys((*mine, *base), FULL // 2), **dict.fromkeys(rest, FULL)}
    return shared(weight / 100, mine, [*base, *rest])


def _count(step: CanaryStep, changed: int, before: int) -> int:
    """How many canaries a step has, never fewer than the one before it."""
    share = ceil(step.percent * changed / 100) if step.percent is not None else 1
    return max(before, step.instances or share)


def _first(fleet: _Fleet, impls: Mapping[str, str], count: int) -> tuple[Step, ...]:
    """The first one of each implementation, as many of the others as are missing, and those whose ports they need."""
    changed = fleet.changed
    ones = {impls.get(step.instance, ""): step for step in reversed(changed)}
    ordered = sorted(changed, key=lambda step: step not in ones.values())
    chosen = ordered[: max(count, len(ones))]
    for step in chosen:  # which gets longer
        needed = fleet.needs.get(step)
        chosen += [needed] if needed in changed and needed not in chosen else []
    return tuple(step for step in ordered if step in chosen)


def _names(steps: Sequence[Step]) -> str:
    return ", ".join(step.instance for step in steps)


def _share(weight: float | None) -> str:
    return f"{weight:g} % of the traffic" if weight is not None else "half of their own traffic"
