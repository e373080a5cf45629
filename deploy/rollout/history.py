"""The rollouts of a fleet as its hosts remember them, and the states that it was in. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from deploy.rollout.lease import counter_of
from deploy.rollout.ledger import ROLLBACK

DONE: Final = "done"
HELD: Final = "held"
BEGUN: Final = "begun"
INTERRUPTED: Final = "interrupted"
UNDER_WAY: Final = "under way"
SAID: Final = frozenset({"id", "token", "at", "verdict"})
"""What a record has to say; one that does not is none."""
Snapshot = Mapping[str, Any]
State = frozenset[tuple[str, str, str]]
"""What a fleet runs: of each instance its name, its host and its generation."""


@dataclass(frozen=True)
class Rollout:
    """One rollout: what it was to do, and how it ended.

    `verdict` is done, held, failed, superseded, interrupted (its controller died) or under way. `at` and `ended` are
    times of the controller in UTC, as ISO text; None where no host remembers the end, empty where none remembers the
    begin.
    """

    id: str
    token: str
    at: str
    ended: str | None
    by: str
    purpose: str
    strategy: str
    verdict: str
    reason: str | None
    before: Mapping[str, str | None]
    instances: Mapping[str, str]
    placement: Mapping[str, str]
    ports: Mapping[str, int]
    hosts: Mapping[str, Mapping[str, Any]]
    edges: tuple[str, ...]
    settings: Mapping[str, Any]

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the releases that it was about, each once."""
        return tuple(sorted({version_of(generation) for generation in self.instances.values()}))

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        if not self.at or not self.ended:
            return None
        return (datetime.fromisoformat(self.ended) - datetime.fromisoformat(self.at)).total_seconds()

    @property
    def state(self) -> State:
        """What the fleet runs when it is done."""
        return frozenset((name, self.placement.get(name, ""), each) for name, each in self.instances.items())

    def runs(self, now: State, silent: frozenset[str] = frozenset()) -> bool:
        """Whether the fleet runs what this rollout was about, as far as it is known: nobody knows of `silent` hosts."""
        return {each for each in self.state if each[1] not in silent} == now


def version_of(generation: str) -> str:
    """The version of the release in a generation."""
    return generation.rpartition("-")[0] or generation


def history(snapshots: Iterable[Snapshot]) -> tuple[Rollout, ...]:
    """The rollouts that any of the hosts remembers, newest first."""
    records: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    alive: set[str] = set()
    for snapshot in snapshots:
        lease = snapshot.get("lease") or {}
        alive.update([str(lease.get("token"))] if lease.get("live") else [])
        for record in snapshot.get("rollouts") or ():
            if record.keys() >= SAID:
                records.setdefault((str(record["id"]), str(record["token"])), []).append(record)
    ordered = sorted(records, key=lambda key: (counter_of(key[1]), key[1]), reverse=True)
    return tuple(_rollout(key, records[key], key[1] in alive) for key in ordered)


def _rollout(key: tuple[str, str], records: Sequence[Mapping[str, Any]], alive: bool) -> Rollout:
    begun = next((record for record in records if record["verdict"] == BEGUN), None)
    ended = next((record for record in records if record["verdict"] != BEGUN), None)
    known = ended or begun or {}
    return Rollout(
        id=key[0],
        token=key[1],
        at=str(begun["at"]) if begun else "",
        ended=str(ended["at"]) if ended else None,
        by=str(known.get("by") or ""),
        purpose=str(known.get("purpose") or ""),
        strategy=str(known.get("strategy") or ""),
        verdict=str(ended["verdict"]) if ended else UNDER_WAY if alive else INTERRUPTED,
        reason=known.get("reason"),
        before=known.get("before") or {},
        instances=known.get("instances") or {},
        placement=known.get("placement") or {},
        ports={name: int(port) for name, port in (known.get("ports") or {}).items()},
        hosts=known.get("hosts") or {},
        edges=tuple(known.get("edges") or ()),
        settings=known.get("settings") or {},
    )


def way_back(rollouts: Sequence[Rollout], now: State, silent: frozenset[str] = frozenset()) -> tuple[Rollout, ...]:
    """The successful states before the one that runs now, each once, the last one first.

    A state from which a person went back is not on the way. Where something runs that was never the end of a rollout,
    all successful states are before it.
    """
    path: list[Rollout] = []
    for rollout in reversed(rollouts):
        if rollout.verdict == DONE:
            _walk(path, rollout)
    here = next((place for place in reversed(range(len(path))) if path[place].runs(now, silent)), len(path))
    back: dict[State, Rollout] = {}
    for rollout in reversed(path[:here]):
        if not rollout.runs(now, silent):
            back.setdefault(rollout.state, rollout)
    return tuple(back.values())


def _walk(path: list[Rollout], rollout: Rollout) -> None:
    """One step on the way that the fleet has gone: a rollback returns to where it was, with all that came after."""
    same = [place for place, each in enumerate(path) if each.state == rollout.state]
    if same and (rollout.purpose == ROLLBACK or same[-1] == len(path) - 1):
        del path[same[-1] :]
    path.append(rollout)


def of_release(rollouts: Sequence[Rollout], name: str) -> Rollout | None:
    """The rollout of that id or, newest first, a successful one of a release of that version."""
    by_id = (rollout for rollout in rollouts if rollout.id == name)
    by_version = (rollout for rollout in rollouts if rollout.verdict == DONE and rollout.versions == (name,))
    return next(by_id, None) or next(by_version, None)
