"""What a run is made of: a fleet, what is wanted of it, and the faults that come over it, by the number of a step."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

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
    "start": ("wish", 0.0),
}
"""Every kind of fault, what it is about, and how many seconds it lasts at most."""

OFTEN = (*KINDS, "kill", "stop", "stop", "start", "start", "start")
"""Kinds as often as they come: two controllers, one of them stopped or killed, are what goes wrong most easily."""


@dataclass(frozen=True)
class Fault:
    """Something that happens before step `step`: a kind of KINDS to the one so named or numbered, for `seconds`."""

    step: int
    kind: str
    what: Any = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Wish:
    """What one deploy wants: which release each instance runs, and where."""

    releases: dict[str, Release]
    placement: dict[str, str]


@dataclass(frozen=True)
class Scenario:
    """A whole run. The first wish is what runs before, the second is deployed; a fault `start` deploys a later one."""

    seed: int
    hosts: tuple[str, ...]
    edges: tuple[str, ...]
    wishes: tuple[Wish, ...]
    settings: dict[str, Any]
    faults: tuple[Fault, ...] = ()


@dataclass
class _Maker:
    random: random.Random
    hosts: tuple[str, ...]
    edges: tuple[str, ...]
    placement: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)


def scenario(seed: int, kinds: tuple[str, ...] = (), **settings: Any) -> Scenario:
    """The run that a seed stands for; with one fault of each of `kinds`, and with `settings`, where they are given."""
    chance = random.Random(seed)
    hosts = tuple(f"h{number}" for number in range(1, chance.randint(1, 3) + 1))
    edges = tuple(chance.sample(("e1", "e2", "h1"), chance.choice((0, 1, 1, 2))))
    names = "abcdef"[: chance.randint(1, 5)]
    placement = {name: chance.choice(hosts) for name in names}
    ports = dict(zip(names, chance.sample(range(9001, 9009), len(names)), strict=True))
    chosen = {**_settings(chance, names), **settings}
    old = Wish({name: _release(chance, "1.0", ports[name], chosen) for name in names}, placement)
    new = _changed(chance, old, "1.1", hosts, chosen)
    other = new if chance.random() < 0.5 else _again(chance, new, chosen)
    made = Scenario(seed, hosts, edges, (old, new, other), chosen)
    return replace(made, faults=_faults(chance, made, kinds))


def _settings(chance: random.Random, names: str) -> dict[str, Any]:
    rolling = chance.random() < 0.75
    return {
        "strategy": "rolling" if rolling else "all-at-once",
        "unreachable": chance.choice(("fail", "fail", "skip")),
        "confirm_within": chance.choice((20.0, 60.0)),
        "batch": chance.choice((1, 1, 2)) if rolling else None,
        "max_unavailable": chance.choice((1, 1, 2)) if rolling else None,
        "wait": chance.choice((0.0, 0.0, 5.0, 30.0)) if rolling else 0.0,
        "progress_deadline": chance.choice((120.0, 600.0)),
        "drain": chance.choice((0.0, 5.0, 10.0)),
        "deadline": chance.choice((10.0, 30.0)),
        "order": chance.sample(names, chance.randint(0, len(names))),
    }


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
    return tuple(sorted((_fault(chance, made, kind, length) for kind in drawn), key=lambda fault: fault.step))


def _fault(chance: random.Random, made: Scenario, kind: str, length: int) -> Fault:
    about, most = KINDS[kind]
    what = {
        "host": lambda: chance.choice(sorted({*made.hosts, *made.edges})),
        "instance": lambda: chance.choice(sorted(made.wishes[1].releases)),
        "fleet": lambda: None,
        "controller": lambda: chance.choice((0, 0, 0, 1)),
        "wish": lambda: chance.choice((1, 2)),
    }[about]()
    seconds = round(most * chance.random() ** 2, 1)
    return Fault(int(length * chance.random()), kind, what, seconds)
