"""The way back of a fleet that a canary or blue-green left on its way, or that has the old generation still warm. Pure.

Where the second slot of an instance runs what the instance is to go back to, traffic goes there at once, the instance
is switched while it is idle, and gets its traffic back; all others go back as in a rolling update.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deploy.manifest.paths import server_name, slot_name
from deploy.manifest.running import NOTHING, generation_of, serves
from deploy.rollout.order import make_plan, needs_of
from deploy.rollout.plan import Batch, Kind, Limits, Plan, Shift, Stage, Step, Target
from deploy.rollout.weights import FULL


@dataclass(frozen=True)
class Slot:
    """The second slot of an instance, as found: its host, its port, and the phrase of what it runs."""

    host: str
    port: int | None
    phrase: str

    def server(self, instance: str) -> str | None:
        """What the edges call it."""
        return server_name(slot_name(instance), self.host, self.port) if self.port else None


def still_kept(wanted: Target, used: Collection[str], snapshots: Mapping[str, Mapping[str, Any]]) -> Target:
    """The target without what is not `used` any more and was removed from its host meanwhile."""
    names = {
        name
        for name, generation in wanted.instances.items()
        if name in used or generation in _generations(name, snapshots.get(wanted.placement[name]))
    }
    return Target(
        {name: generation for name, generation in wanted.instances.items() if name in names},
        {name: host for name, host in wanted.placement.items() if name in names},
        {name: port for name, port in wanted.ports.items() if name in names},
    )


def _generations(name: str, snapshot: Mapping[str, Any] | None) -> Collection[str]:
    found = snapshot["instances"].get(name) if snapshot else None
    return found["generations"] if found else ()


def home_plan(
    found: Target, wanted: Target, slots: Mapping[str, Slot], lost: frozenset[str], limits: Limits, *, edges: bool
) -> Plan:
    """The plan that leads from `found` back to `wanted`; `slots` are those that exist, by the name of the instance."""
    rolling = make_plan(found, wanted, lost, limits)
    here = {name: slot for name, slot in slots.items() if slot.host not in lost}
    warm = {name: slot for name, slot in here.items() if edges and _holds(name, slot, found, wanted)}
    idle = _able([step for step in rolling.steps if step.instance in warm and step.kind is Kind.ACTIVATE], rolling)
    done = [step for step in rolling.steps if step in idle or (step.instance in warm and step.kind is Kind.ADMIT)]
    rest = [
        replace(batch, steps=steps)
        for batch in rolling.batches
        if (steps := tuple(step for step in batch.steps if step not in done))
    ]
    stay = {name for name, phrase in found.instances.items() if generation_of(phrase) == wanted.instances.get(name)}
    served = _served(found, stay, idle, here if edges else {})
    stages = (*_quickly(idle, warm), *rest, *served, *_dropped(here))
    return Plan(stages, rolling.watched)


def _able(steps: Sequence[Step], rolling: Plan) -> Sequence[Step]:
    """Those that need no port which another one leaves only later."""
    needs = needs_of(rolling.steps)
    able = [step for step in steps if needs.get(step, step) in steps]
    return able if len(able) == len(steps) else _able(able, rolling)


def _holds(name: str, slot: Slot, found: Target, wanted: Target) -> bool:
    """Whether a slot can serve meanwhile, in the place that the instance has and keeps."""
    right = serves(slot.phrase) and generation_of(slot.phrase) == wanted.instances.get(name) and slot.port
    return bool(right) and found.placement.get(name) == wanted.placement.get(name) == slot.host


def _quickly(idle: Sequence[Step], warm: Mapping[str, Slot]) -> Iterator[Stage]:
    """Traffic to the slots, which run the old generation; then the instances are switched, idle."""
    if not idle:
        return
    slots = [server for step in idle if (server := warm[step.instance].server(step.instance))]
    places = [step.server_before for step in idle if step.server_before]
    weights = {**dict.fromkeys(slots, FULL), **dict.fromkeys(places, 0)}
    names = ", ".join(step.instance for step in idle)
    title = f"traffic of {names} to the old generation in the second slot"
    yield Shift(weights, weights, title, home=True)
    yield Batch(tuple(idle), idle=True)


def _served(found: Target, stay: Collection[str], idle: Sequence[Step], slots: Mapping[str, Slot]) -> Iterator[Stage]:
    """All traffic to the instances that `stay` as they are, and to those that were switched; slots get none.

    What runs something else gets its traffic when it goes back: it may not have had any.
    """
    if not slots:
        return
    switched = {step.instance: step.server for step in idle}
    others = {
        name: server_name(name, host, found.ports[name])
        for name, host in sorted(found.placement.items())
        if name in stay and name in found.ports and serves(found.instances[name])
    }
    servers = {name: server for name, slot in sorted(slots.items()) if (server := slot.server(name))}
    places = [server for server in {**others, **switched}.values() if server]
    weights = {**dict.fromkeys(places, FULL), **dict.fromkeys(servers.values(), 0)}
    behind = {servers[step.instance]: FULL for step in idle} | {step.server: 0 for step in idle if step.server}
    yield Shift(weights, {**weights, **behind}, "all traffic to the instances, none to second slots", home=True)


def _dropped(slots: Mapping[str, Slot]) -> Iterator[Batch]:
    """The slots go last."""
    steps = tuple(
        Step(Kind.DROP, slot_name(name), slot.host, slot.phrase, NOTHING, port_before=slot.port)
        for name, slot in sorted(slots.items())
    )
    if steps:
        yield Batch(steps, idle=True)
