"""How each instance is, from what the last deploy wanted and what a look at its host found. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from deploy.cli.fleet import Fleet, Instance
from deploy.cli.look import Look
from deploy.faults import HostFault
from deploy.manifest.running import generation_of, running

UNKNOWN: Final = "?"
NONE: Final = "-"
LOST: Final = "marked lost"
UNCONFIRMED: Final = "unconfirmed"


@dataclass(frozen=True)
class Row:
    """One instance; `amiss` are the reasons why it is not as it should be, none when it is."""

    instance: str
    impl: str
    host: str
    address: str
    generation: str = UNKNOWN
    unit: str = UNKNOWN
    health: str = UNKNOWN
    since: str = NONE
    amiss: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether its host says that it answers as a healthy one."""
        return self.health == "ok"


def rows(fleet: Fleet, found: Mapping[str, Look | HostFault]) -> list[Row]:
    """A row for each instance of the fleet, in its order."""
    return [_row(instance, fleet, found.get(instance.host)) for instance in fleet.instances.values()]


def _row(instance: Instance, fleet: Fleet, found: Look | HostFault | None) -> Row:
    address = f"{fleet.connections[instance.host]['address']}:{instance.port}"
    who = (instance.name, instance.impl, instance.host, address)
    if isinstance(found, Look):
        return _seen(instance, who, found)
    reason = f"host {instance.host}: {found.fault.name}" if found else LOST
    # A lost host is what the operator wants; it is shown, but nothing is amiss.
    return Row(*who, health=reason, amiss=(reason,) if found else ())


def _seen(instance: Instance, who: tuple[str, str, str, str], found: Look) -> Row:
    phrase = running(instance.name, found.snapshot)
    unit = (found.snapshot["instances"].get(instance.name) or {}).get("unit") or {}
    unhealthy = found.unhealthy.get(instance.name, "nothing is activated")
    return Row(
        *who,
        generation=phrase,
        unit=_unit(unit),
        health=unhealthy or "ok",
        since=_since(unit),
        amiss=tuple(_amiss(instance, phrase, unhealthy)),
    )


def _amiss(instance: Instance, phrase: str, unhealthy: str | None) -> list[str]:
    reasons = [unhealthy] if unhealthy else []
    words = phrase.partition(" (")[2].removesuffix(")")
    if UNCONFIRMED in words:
        return [*reasons, "nobody has confirmed its switch yet: a deploy is at work, or was killed and it goes back"]
    if instance.generation and generation_of(phrase) != instance.generation:
        reasons.append(f"the last deploy gave it {instance.generation}")
    return [*reasons, words] if words else reasons


def _unit(unit: Mapping[str, Any]) -> str:
    if not unit:
        return NONE
    active, sub = unit.get("ActiveState", UNKNOWN), unit.get("SubState", UNKNOWN)
    return str(active) if sub in ("running", active, "dead") else f"{active} ({sub})"


def _since(unit: Mapping[str, Any]) -> str:
    """Without the day of the week; the host's own time zone stands behind it."""
    stamp = str(unit.get("ActiveEnterTimestamp", ""))
    return stamp.partition(" ")[2] if stamp and unit.get("ActiveState") == "active" else NONE
