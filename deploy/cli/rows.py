"""How each instance is, from what the last deploy wanted and what a look at its host found. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from deploy.cli.fleet import Fleet, Instance
from deploy.cli.look import Look
from deploy.cli.traffic import READY, traffic
from deploy.faults import HostFault
from deploy.manifest.paths import timer_name
from deploy.manifest.running import generation_of, running
from deploy.rollout.ledger import Pin
from deploy.rollout.survey import ports_of

UNKNOWN: Final = "?"
NONE: Final = "-"
LOST: Final = "marked lost"
UNCONFIRMED: Final = "unconfirmed"
ACTIVE: Final = "active"
STANDING_BACK: Final = "standing back"
"""What the health timer of an instance does while a rollout is at work on it."""


@dataclass(frozen=True)
class Row:
    """One instance; `amiss` are the reasons why it is not as it should be, none when it is.

    `timer` is the state of its health timer, `checked` when that last looked, `edges` what each edge sends to it.
    """

    instance: str
    impl: str
    host: str
    address: str
    generation: str = UNKNOWN
    unit: str = UNKNOWN
    health: str = UNKNOWN
    since: str = NONE
    amiss: tuple[str, ...] = ()
    timer: str = UNKNOWN
    checked: str | None = None
    edges: Mapping[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Whether its host says that it answers as a healthy one."""
        return self.health == "ok"


def rows(fleet: Fleet, found: Mapping[str, Look | HostFault], pins: Mapping[str, Pin]) -> list[Row]:
    """A row for each instance of the fleet, in its order; one that is pinned is to run what it is pinned to."""
    return [_row(each, fleet, found, pins.get(each.name)) for each in fleet.instances.values()]


def _row(instance: Instance, fleet: Fleet, found: Mapping[str, Look | HostFault], pin: Pin | None) -> Row:
    look = found.get(instance.host)
    if isinstance(look, Look):
        # What a person went back to may answer elsewhere than what the last deploy gave.
        instance = replace(instance, port=ports_of(instance.name, look.snapshot).get(instance.name, instance.port))
    address = f"{fleet.connections[instance.host]['address']}:{instance.port}"
    who = (instance.name, instance.impl, instance.host, address)
    if isinstance(look, Look):
        return _seen(instance, who, look, traffic(instance, fleet, found), pin)
    reason = f"host {instance.host}: {look.fault.name}" if look else LOST
    # A lost host is what the operator wants; it is shown, but nothing is amiss.
    return Row(*who, health=reason, amiss=(reason,) if look else ())


def _seen(
    instance: Instance, who: tuple[str, str, str, str], look: Look, edges: Mapping[str, str], pin: Pin | None
) -> Row:
    there = look.snapshot["instances"].get(instance.name) or {}
    phrase, timer = running(instance.name, look.snapshot), _timer(instance.name, look.snapshot)
    unhealthy = look.unhealthy.get(instance.name, "nothing is activated")
    checks = there.get("health") or {}
    return Row(
        *who,
        generation=phrase,
        unit=_unit(there.get("unit") or {}),
        health=unhealthy or "ok",
        since=_since(there.get("unit") or {}),
        amiss=(*_amiss(phrase, unhealthy, instance.generation, pin), *_watched(timer, checks), *_unsent(edges)),
        timer=timer,
        checked=checks.get("at") or None,
        edges=edges,
    )


def _amiss(phrase: str, unhealthy: str | None, given: str | None, pin: Pin | None) -> list[str]:
    reasons = [unhealthy] if unhealthy else []
    words, runs = phrase.partition(" (")[2].removesuffix(")"), generation_of(phrase)
    if UNCONFIRMED in words:
        return [*reasons, "nobody has confirmed its switch yet: a deploy is at work, or was killed and it goes back"]
    if pin and runs != pin.generation:
        reasons.append(f"it is pinned to {pin.generation}")
    if not pin and given and runs != given:
        reasons.append(f"the last deploy gave it {given}")
    return [*reasons, words] if words else reasons


def _watched(timer: str, checks: Mapping[str, Any]) -> list[str]:
    """What is amiss with its health check, and what that could not mend."""
    reasons = [f"its health timer is {timer}"] if timer not in (ACTIVE, STANDING_BACK, UNKNOWN) else []
    if checks.get("escalated"):
        reasons.append(f"{checks.get('restarts', 0)} restarts by its health check did not help")
    return reasons


def _unsent(edges: Mapping[str, str]) -> list[str]:
    return [f"{word} at the edge on {edge}" for edge, word in edges.items() if word != READY]


def _timer(name: str, snapshot: Mapping[str, Any]) -> str:
    if "units" not in snapshot:
        return UNKNOWN
    if (snapshot["instances"].get(name) or {}).get("pending"):
        return STANDING_BACK
    return str(snapshot["units"].get(timer_name(name), "inactive"))


def _unit(unit: Mapping[str, Any]) -> str:
    if not unit:
        return NONE
    active, sub = unit.get("ActiveState", UNKNOWN), unit.get("SubState", UNKNOWN)
    return str(active) if sub in ("running", active, "dead") else f"{active} ({sub})"


def _since(unit: Mapping[str, Any]) -> str:
    """Without the day of the week; the host's own time zone stands behind it."""
    stamp = str(unit.get("ActiveEnterTimestamp", ""))
    return stamp.partition(" ")[2] if stamp and unit.get("ActiveState") == ACTIVE else NONE
