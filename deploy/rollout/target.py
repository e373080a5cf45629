"""Where a fleet can go back to: what its hosts keep, and what of that is meant. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy.errors import ForPeople
from deploy.manifest.running import NOTHING, generation_of, running
from deploy.rollout.history import DONE, Rollout, Snapshot, State, history, of_release, way_back
from deploy.rollout.plan import Target
from deploy.rollout.survey import drained_at, ports_of


class NoWayBack(ForPeople):
    """The fleet can not go where it is told to."""


@dataclass(frozen=True)
class Seen:
    """A fleet as it was found: snapshots of the hosts, those of which nothing is known or wanted, and its edges."""

    snapshots: Mapping[str, Snapshot]
    silent: frozenset[str] = frozenset()
    edges: tuple[str, ...] = ()

    @property
    def rollouts(self) -> tuple[Rollout, ...]:
        """What the hosts remember, newest first."""
        return history(self.snapshots.values())

    @property
    def state(self) -> State:
        """What runs."""
        places = self._found().items()
        return frozenset(
            (name, host, generation)
            for name, hosts in places
            for host, phrase in hosts.items()
            if (generation := generation_of(phrase))
        )

    def target(self, wanted: Rollout | Target) -> Target:
        """What was found, as a plan that leads to `wanted` takes it."""
        found, places, arrived, ports, there_at = {}, {}, {}, dict[str, int](), dict[str, int]()
        for name, hosts in self._found().items():
            there = wanted.placement.get(name)
            elsewhere = [host for host in hosts if host != there]
            place = elsewhere[0] if elsewhere else there
            if place in hosts:
                found[name], places[name] = hosts[place], place
                ports |= ports_of(name, self.snapshots[place])
            if elsewhere and there in hosts:
                arrived[name] = hosts[there]
                there_at |= ports_of(name, self.snapshots[there])
        return Target(found, places, ports, arrived, there_at)

    def lacks(self, wanted: Rollout) -> str | None:
        """Why the fleet can not go to the state of a rollout, or None."""
        return next(self._lacking(wanted), None)

    def _lacking(self, wanted: Rollout) -> Iterator[str]:
        for name, host in wanted.placement.items():
            if host in self.silent:
                continue
            generation = wanted.instances[name]
            if host not in self.snapshots:
                yield f"it had {name} on {host}, which is no host of the fleet any more"
                continue
            kept = (self.snapshots[host]["instances"].get(name) or {}).get("generations", {})
            if generation not in kept:
                yield f"{name} ran {generation}, which {host} does not keep any more"
            elif kept[generation]["damaged"]:
                yield f"{name} ran {generation}, which was edited by hand on {host}"

    def _found(self) -> dict[str, dict[str, str]]:
        """Of every instance of the fleet what runs on which host; an instance that no rollout names is not its own."""
        names = {name for rollout in self.rollouts for name in (*rollout.instances, *rollout.before)}
        edges = {edge: self.snapshots[edge] for edge in self.edges if edge in self.snapshots}
        found: dict[str, dict[str, str]] = {}
        for host, snapshot in sorted(self.snapshots.items()):
            for name in sorted(names & set(snapshot["instances"])):
                port = ports_of(name, snapshot).get(name)
                phrase = running(name, snapshot, drained_at(edges, name, host, port))
                if phrase != NOTHING:
                    found.setdefault(name, {})[host] = phrase
        return found


def choose(seen: Seen, to: str | None, steps: int) -> Rollout:
    """The rollout whose state is meant: the one `to` names, else that many different states back; raises NoWayBack."""
    if to is not None:
        return _named(seen, to)
    back = way_back(seen.rollouts, seen.state, seen.silent)
    if len(back) < steps:
        count = f"{len(back)} state{'' if len(back) == 1 else 's'}" if back else "no state"
        raise _no_way(seen, f"the hosts remember {count} before the one that runs now")
    return _possible(seen, back[steps - 1])


def _named(seen: Seen, name: str) -> Rollout:
    rollout = of_release(seen.rollouts, name)
    if rollout is None:
        raise _no_way(seen, f"the hosts remember no rollout {name}, and no successful one of a release {name}")
    if rollout.verdict != DONE:
        raise _no_way(seen, f"{rollout.id} was never a state of the fleet: {rollout.verdict}")
    return _possible(seen, rollout)


def _possible(seen: Seen, rollout: Rollout) -> Rollout:
    lacking = seen.lacks(rollout)
    if lacking:
        raise _no_way(seen, f"the fleet can not go back to {named(rollout)}: {lacking}")
    return rollout


def possible(seen: Seen) -> Sequence[Rollout]:
    """Every state other than the one that runs to which the fleet can go, newest first."""
    now, states = seen.state, dict[State, Rollout]()
    for rollout in seen.rollouts:
        if rollout.verdict == DONE and not rollout.runs(now, seen.silent) and not seen.lacks(rollout):
            states.setdefault(rollout.state, rollout)
    return tuple(states.values())


def named(rollout: Rollout) -> str:
    """A rollout and its release, for texts."""
    return f"{rollout.id} ({', '.join(rollout.versions) or 'nothing'})"


def _no_way(seen: Seen, reason: str) -> NoWayBack:
    there = possible(seen)
    if not there:
        after = "want an older release in the settings, then: threader deploy"
        return NoWayBack(f"{reason}, and there is nothing else to go to; next: {after}")
    names = ", ".join(named(each) for each in there)
    return NoWayBack(f"{reason}; it can go to {names}; next: threader rollback --to {there[0].id}")
