"""The instances of a rollout and their second slots: what each runs, how it is, and what edges send to it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from deploy.cli.account import Account
from deploy.cli.look import Look
from deploy.cli.scene import Scene
from deploy.manifest.paths import SLOT, server_name
from deploy.manifest.running import NOTHING, generation_of, running
from deploy.rollout.survey import ports_of

READY: Final = "ready"


@dataclass(frozen=True)
class Running:
    """One of them: `side` is old or new, `traffic` the weight that edges give it, "" where nothing is known of it."""

    name: str
    place: str
    generation: str
    side: str
    traffic: str
    health: str

    @property
    def slot(self) -> bool:
        """Whether it is a second slot."""
        return self.name.endswith(SLOT)

    @property
    def well(self) -> bool:
        """Whether its host says that it is healthy."""
        return self.health in ("ok", "?")

    def as_record(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def instances(account: Account, found: Scene) -> list[Running]:
    """All that the rollout is about, each with its second slot below it."""
    places, wanted = _places(account)
    rows = []
    for name, host in sorted(places.items()):
        look = found.looks.get(host)
        rows.append(_running(name, host, wanted.get(name), look, found))
        if look and f"{name}{SLOT}" in look.snapshot["instances"]:
            rows.append(_running(f"{name}{SLOT}", host, wanted.get(name), look, found))
    return rows


def _places(account: Account) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Where each instance is, and what it is to run."""
    story, rollout = account.story, account.rollout
    if story:
        return {**story.found.placement, **story.wanted.placement}, story.wanted.instances
    return (rollout.placement, rollout.instances) if rollout else ({}, {})


def _running(name: str, host: str, wanted: str | None, look: Look | None, found: Scene) -> Running:
    if look is None:
        return Running(name, host, "?", "?", "", "?")
    phrase = running(name, look.snapshot)
    port = ports_of(name, look.snapshot).get(name)
    health = look.unhealthy.get(name, "nothing is activated") or "ok"
    side = "-" if phrase == NOTHING else "new" if generation_of(phrase) == wanted else "old"
    traffic = _traffic(server_name(name, host, port), found) if port else ""
    return Running(name, f"{host}:{port}" if port else host, phrase, side, traffic, health)


def _traffic(server: str, found: Scene) -> str:
    """One word where all edges say the same."""
    known = {edge: found.looks[edge].snapshot.get("edge") or {} for edge in found.known.edges if edge in found.looks}
    words = {edge: _word((each.get("servers") or {}).get(server)) for edge, each in known.items()}
    said = set(words.values())
    return said.pop() if len(said) == 1 else ", ".join(f"{edge} {word}" for edge, word in words.items())


def _word(server: Mapping[str, Any] | None) -> str:
    if server is None:
        return "unknown"
    if server["admin"] != READY:
        return str(server["admin"])
    if not server["up"]:
        return "down"
    return f"weight {server['weight']}" if "weight" in server else READY
