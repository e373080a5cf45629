"""The order of a rollout: which steps belong together, which wait for others, and how many go side by side. Pure.

- What serves nothing costs nothing and goes first, all of it at once: new, stopped and failed instances.
- Then serving instances go in batches: first those that are drained already, then those that the settings name.
- Where an instance moves to a port that another leaves, that other goes first; instances that swap ports, and one that
  takes over the port of one that is stopped for good, go together: each stops, and starts once its port is free.
- One that moves to another host serves there before it is stopped here, unless two that move wait for each other.
- What is wanted no longer is stopped last, when its successors serve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.manifest.running import is_drained
from deploy.rollout.plan import Batch, Kind, Limits, Plan, Step, Target, steps_between


@dataclass(frozen=True)
class _Group:
    """Steps that cannot be told apart in time; those of `after` must be over before, those of `better` had better."""

    steps: tuple[Step, ...]
    after: frozenset[Step]
    better: frozenset[Step]
    why: str = ""


def make_plan(found: Target, wanted: Target, lost: frozenset[str] = frozenset(), limits: Limits | None = None) -> Plan:
    """The plan that leads from `found` to `wanted` within `limits` (none by default); hosts in `lost` are left out."""
    limits = limits or Limits()
    steps = steps_between(found, wanted, lost)
    groups = _sorted(_groups(steps), {name: place for place, name in enumerate(limits.order)})
    watched = {name: host for name, host in wanted.placement.items() if host not in lost}
    return Plan(tuple(_batches(groups, limits.size)), watched)


def _groups(steps: Sequence[Step]) -> list[_Group]:
    """Each step on its own, or with those that it trades ports with."""
    needs = needs_of(steps)
    starts = {step.instance: step for step in steps if step.kind is Kind.ACTIVATE}
    members: dict[Step, frozenset[Step]] = {step: frozenset({step}) for step in steps}
    for step, needed in needs.items():
        together = _cycle(step, needs) or ({step, needed} if needed.kind is Kind.STOP else set())
        _join(members, together)
    return [
        _group([step for step in steps if step in group], needs, starts)
        for group in dict.fromkeys(members[step] for step in steps)
    ]


def needs_of(steps: Sequence[Step]) -> Mapping[Step, Step]:
    """Of each step that comes to a port which another one leaves, that other one."""
    leaving = {(step.host, step.port_before): step for step in steps if _leaves(step)}
    return {
        step: leaving[step.host, step.port]
        for step in steps
        if step.kind is Kind.ACTIVATE and leaving.get((step.host, step.port), step) is not step
    }


def _leaves(step: Step) -> bool:
    return step.port_before is not None and step.port_before != step.port and step.kind is not Kind.ADMIT


def _cycle(step: Step, needs: Mapping[Step, Step]) -> set[Step]:
    """The steps that wait for each other in a ring with this one; a step waits for one other at most."""
    seen, at = [step], needs.get(step)
    while at is not None and at not in seen:
        seen.append(at)
        at = needs.get(at)
    return set(seen) if at == step else set()


def _join(members: dict[Step, frozenset[Step]], together: set[Step]) -> None:
    joined = frozenset().union(*(members[step] for step in together)) if together else frozenset()
    members.update(dict.fromkeys(joined, joined))


def _group(steps: Sequence[Step], needs: Mapping[Step, Step], starts: Mapping[str, Step]) -> _Group:
    inside = set(steps)
    after = frozenset(needs[step] for step in steps if step in needs and needs[step] not in inside)
    moved = frozenset(starts[step.instance] for step in steps if _stops(step) and step.instance in starts)
    takers = [(step, needs[step]) for step in steps if needs.get(step) in inside]
    return _Group(tuple(steps), after, moved - inside, _why(takers))


def _why(takers: Sequence[tuple[Step, Step]]) -> str:
    """What binds the steps of a group, of which each first one takes the port of the second."""
    if takers and all(had.kind is Kind.ACTIVATE for _, had in takers):
        names = sorted(step.instance for step, _ in takers)
        return f"{', '.join(names[:-1])} and {names[-1]} trade ports: each stops before another starts there"
    whys = [f"{step.instance} takes port {step.port} on {step.host} over from {had.instance}" for step, had in takers]
    return f"{' and '.join(whys)}, which stops first" if whys else ""


def _sorted(groups: Sequence[_Group], first: Mapping[str, int]) -> list[_Group]:
    """The groups in the order in which they are done; the sort is stable, so the rest is as in the settings."""

    def rank(group: _Group) -> tuple[bool, bool, int]:
        costs = any(_costs(step) or _stops(step) for step in group.steps)
        drained = any(step.costs and is_drained(step.before) for step in group.steps)
        return costs, not drained, min(first.get(step.instance, len(first)) for step in group.steps)

    stops = [group for group in groups if all(map(_stops, group.steps))]
    waiting = sorted((group for group in groups if group not in stops), key=rank)
    done, ordered = set[Step](), list[_Group]()
    while waiting:
        able = [each for each in waiting if each.after <= done]
        group = next((each for each in able if each.better <= done), able[0])
        waiting.remove(group)
        ordered.append(group)
        done.update(group.steps)
    return [*ordered, *stops]


def _batches(groups: Sequence[_Group], size: int | None) -> list[Batch]:
    batches: list[list[_Group]] = []
    for group in groups:
        if batches and _fits(batches[-1], group, size):
            batches[-1].append(group)
        else:
            batches.append([group])
    return [Batch(tuple(step for group in batch for step in group.steps), batch[0].why) for batch in batches]


def _fits(batch: Sequence[_Group], group: _Group, size: int | None) -> bool:
    """Whether a group may join a batch: it waits for none of it, and no more serving ones go than the limits allow."""
    steps = [step for each in batch for step in each.steps]
    if group.why or any(each.why for each in batch) or group.after & set(steps):
        return False
    stops, costs = ([test(step) for step in (*steps, *group.steps)] for test in (_stops, _costs))
    if any(stops) or size is None or not any(costs):
        return all(stops) or not any(stops)
    return all(costs) and len(costs) <= size


def _stops(step: Step) -> bool:
    return step.kind is Kind.STOP


def _costs(step: Step) -> bool:
    return step.costs
