"""What a run is made of: a fleet, what is wanted of it, and the faults that come over it, by the number of a step."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from deploy.manifest.paths import SLOT
from tests.simulation.model.release import Release

KINDS = {
    "cut": ("host", 120.0),
    "reboot": ("host", 90.0),
    "full": ("host", 120.0),
    "kill switch": ("host", 0.0),
    "restart": ("host", 0.0),
    "ill": ("instance", 400.0),
    "unready": ("fleet", 120.0),
    "kill": ("controller", 0.0),
    "stop": ("controller", 240.0),
    "cancel": ("controller", 0.0),
    "abort": ("controller", 0.0),
    "start": ("wish", 0.0),
}
"""Every kind of fault, what it is about, and how many seconds it lasts at most."""

OFTEN = (*KINDS, "kill", "stop", "stop", "start", "start", "start")
"""Kinds as often as they come: two controllers, one of them stopped or killed, are what goes wrong most easily."""

FINDINGS = ("fail", "unsure", "none", "error", "late", "second")
"""What gates find where all is not well: that it fails, or either, nothing at all, no answer; nothing at first; nothing
the first time that they are asked."""

DECISIONS = ("stay", "promote", "promote", "promote", "retry", "abort", "other")
"""What becomes of a rollout that is held: nothing, what a person decides, or that something else is wanted."""

PROGRESSIVE = ("canary", "blue-green")
STRATEGIES = ("rolling", "rolling", "rolling", "all-at-once", "canary", "canary", "blue-green", "blue-green")
SLOTS = 1000
"""How far the port of a second slot is from that of its instance."""

GATE = {
    "name": "errors",
    "kind": "promql",
    "query": "errors",
    "success": "< 0.5",
    "failure": "> 0.9",
    "interval": 5.0,
    "count": 2,
    "limit": 30.0,
}


@dataclass(frozen=True)
class Fault:
    """Something that happens before step `step`: a kind of KINDS to the one so named or numbered, for `seconds`."""

    step: int
    kind: str
    what: Any = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Wish:
    """What one deploy wants: which release each instance runs, and where.

    `judged` is what gates find in each phase of a check, one of FINDINGS.
    """

    releases: dict[str, Release]
    placement: dict[str, str]
    judged: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A whole run. The first wish is what runs before, the second is deployed; a fault `start` deploys a later one."""

    seed: int
    hosts: tuple[str, ...]
    edges: tuple[str, ...]
    wishes: tuple[Wish, ...]
    settings: dict[str, Any]
    faults: tuple[Fault, ...] = ()
    decisions: tuple[str, ...] = ()
    """What is decided, in turn, of rollouts that are held, each one of DECISIONS; then all are promoted."""


def scenario(seed: int, kinds: tuple[str, ...] = (), **settings: Any) -> Scenario:
    """The run that a seed stands for; with one fault of each of `kinds`, and with `settings`, where they are given."""
    chance = random.Random(seed)
    hosts = tuple(f"h{number}" for number in range(1, chance.randint(1, 3) + 1))
    strategy = settings.get("strategy") or chance.choice(STRATEGIES)
    names = "abcdef"[: chance.randint(1, 5)]
    least = 1 if strategy in PROGRESSIVE and len(names) > 1 else 0
    edges = tuple(chance.sample(("e1", "e2", "h1"), max(least, chance.choice((0, 1, 1, 2)))))
    placement = {name: chance.choice(hosts) for name in names}
    ports = dict(zip(names, chance.sample(range(9001, 9009), len(names)), strict=True))
    chosen = {**_settings(chance, names, strategy), **settings}
    old = Wish({name: _release(chance, "1.0", ports[name], chosen) for name in names}, placement)
    new = _changed(chance, old, "1.1", hosts, chosen)
    other = new if chance.random() < 0.5 else _again(chance, new, chosen)
    judged = (_judged(chance), _judged(chance))
    other = replace(other, judged=judged[other is not new])
    new = replace(new, judged=judged[0])
    if strategy in PROGRESSIVE and max(map(len, (new.releases, other.releases))) > 1:
        edges = edges or ("e1",)
    decisions = tuple(chance.choices(DECISIONS, k=4))
    made = Scenario(seed, hosts, edges, (old, new, other), chosen, decisions=decisions)
    return replace(made, faults=_faults(chance, made, kinds))


def _settings(chance: random.Random, names: str, strategy: str) -> dict[str, Any]:
    rolling = strategy != "all-at-once"
    return {
        "strategy": strategy,
        "unreachable": chance.choice(("fail", "fail", "skip")),
        "confirm_within": chance.choice((20.0, 60.0)),
        "batch": chance.choice((1, 1, 2)) if rolling else None,
        "max_unavailable": chance.choice((1, 1, 2)) if rolling else None,
        "wait": chance.choice((0.0, 0.0, 5.0, 30.0)) if rolling else 0.0,
        "progress_deadline": chance.choice((120.0, 600.0)),
        "drain": chance.choice((0.0, 5.0, 10.0)),
        "deadline": chance.choice((10.0, 30.0)),
        "order": chance.sample(names, chance.randint(0, len(names))),
        "hold": chance.choice(("never", "inconclusive", "inconclusive", "always")),
        "warm": chance.choice((0.0, 60.0, 600.0)),
        "revert": chance.choice(("fast", "full")),
        "canary": [_step(*each) for each in chance.choice(CANARIES)],
        "gates": [{**GATE, "count": chance.choice((1, 2))}],
        "emergency": None,
    }


CANARIES = (
    ((1, None, 10.0), (None, None, 50.0)),
    ((1, None, 10.0), (None, None, 50.0)),
    ((2, None, None),),
    ((None, 25.0, 20.0), (None, 100.0, None)),
)
"""Steps of canaries: how many instances, what share of them, and what share of the traffic."""


def _step(instances: int | None, percent: float | None, weight: float | None) -> dict[str, Any]:
    return {"instances": instances, "percent": percent, "weight": weight}


def _judged(chance: random.Random) -> dict[str, str]:
    """All is well in every phase, or in one of them it is not."""
    if chance.random() < 0.6:
        return {}
    return {chance.choice(("idle", "idle", "traffic", "after")): chance.choice(FINDINGS)}


def _release(
    chance: random.Random,
    version: str,
    port: int,
    settings: dict[str, Any],
    bad: bool = False,
    sick: float | None = None,
) -> Release:
    starts = round(chance.uniform(0.2, 4.0), 1)
    return Release(f"{version}-{port}", port, starts, settings["deadline"], bad, sick)


def _changed(chance: random.Random, old: Wish, version: str, hosts: tuple[str, ...], settings: dict[str, Any]) -> Wish:
    """Another release, of which one instance may be bad; sometimes moves, swaps, new ones, and some that go."""
    names, placement = list(old.releases), dict(old.placement)
    ports = {name: release.port for name, release in old.releases.items()}
    if chance.random() < 0.15 and len(names) > 1:
        del placement[names.pop(chance.randrange(len(names)))]
    if chance.random() < 0.15:
        names.append("n")
        ports["n"], placement["n"] = 9000, chance.choice(hosts)
    if chance.random() < 0.25:
        turned = [ports[name] for name in names]
        ports |= dict(zip(names, turned[1:] + turned[:1], strict=True))
    if chance.random() < 0.2:
        placement[chance.choice(names)] = chance.choice(hosts)
    culprit = chance.choice(names) if chance.random() < 0.3 else None
    late = chance.choice((None, 2.0, 20.0))
    releases = {
        name: _release(chance, version, ports[name], settings, name == culprit and late is None, late)
        if name == culprit
        else _release(chance, version, ports[name], settings)
        for name in names
    }
    kept = [name for name in names if chance.random() < 0.1 and name in old.releases]
    releases |= {name: old.releases[name] for name in kept if ports[name] == old.releases[name].port}
    return Wish(releases, {name: placement[name] for name in names})


def _again(chance: random.Random, wish: Wish, settings: dict[str, Any]) -> Wish:
    """The same places with another release yet."""
    releases = {name: _release(chance, "1.2", each.port, settings) for name, each in wish.releases.items()}
    return Wish(releases, wish.placement)


def _faults(chance: random.Random, made: Scenario, kinds: tuple[str, ...]) -> tuple[Fault, ...]:
    drawn = kinds or tuple(chance.choices(OFTEN, k=chance.choice((0, 1, 1, 2, 2, 3, 4))))
    length = 120 * max(map(len, (wish.releases for wish in made.wishes))) + 100
    length *= 3 if made.settings["strategy"] in PROGRESSIVE else 1
    return tuple(sorted((_fault(chance, made, kind, length) for kind in drawn), key=lambda fault: fault.step))


def _fault(chance: random.Random, made: Scenario, kind: str, length: int) -> Fault:
    about, most = KINDS[kind]
    what = {
        "host": lambda: chance.choice(sorted({*made.hosts, *made.edges})),
        "instance": lambda: chance.choice(sorted(made.wishes[1].releases)) + chance.choice(("", "", SLOT)),
        "fleet": lambda: None,
        "controller": lambda: chance.choice((0, 0, 0, 1)),
        "wish": lambda: chance.choice((1, 2)),
    }[about]()
    seconds = round(most * chance.random() ** 2, 1)
    return Fault(int(length * chance.random()), kind, what, seconds)
