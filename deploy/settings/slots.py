"""The ports of the second slots, which canary and blue-green give every instance."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from deploy.settings import words
from deploy.settings.hosts import HostRow
from deploy.settings.placement import Place, free_port
from deploy.settings.ports import Port, keys, of_edges, of_monitoring, of_threaders
from deploy.settings.report import Report
from deploy.settings.scalars import soft
from deploy.settings.specs import RolloutSpec

_HIGHEST: Final = 65535
_OFFSETS: Final = (*range(1000, 50001), *range(1, 1000))
"""Those that are tried in turn where one is to be suggested."""


def check_slots(config: Mapping[str, object], places: Sequence[Place], rows: Sequence[HostRow], report: Report) -> None:
    """Each slot has a port of its own; what is wrong is told once, since one setting moves them all."""
    offset = offset_of(keys(config.get("rollout")))
    taken = [
        *of_threaders(places),
        *of_edges(keys(config.get("edge")), rows),
        *of_monitoring(keys(config.get("monitoring")), rows),
    ]
    if offset is None:
        return
    used = {(port.host, port.number): port for port in taken}
    wrong = next(((place, why) for place in places if (why := _mistake(place, offset, used))), None)
    if wrong is None:
        return
    place, why = wrong
    good = next((each for each in _OFFSETS if _fits(places, each, used)), None)
    if good is not None:
        report.add(("rollout", "slot_offset"), offset, why, f"pulumi config set --path '{{path}}' {good}")
        return
    port = free_port(9009, {number for _, number in used})
    report.add(("instances", place.index, "port"), place.port, why, f"pulumi config set --path '{{path}}' {port}")


def offset_of(rollout: Mapping[object, object]) -> int | None:
    """How far slots are from their instances, or the default; None if it is wrong, which is told elsewhere."""
    given = rollout.get("slot_offset")
    return RolloutSpec().slot_offset if given is None else soft(words.slot_offset, given)


def _fits(places: Iterable[Place], offset: int, used: Mapping[tuple[str, int], Port]) -> bool:
    return not any(_mistake(place, offset, used) for place in places)


def _mistake(place: Place, offset: int, used: Mapping[tuple[str, int], Port]) -> str | None:
    """Why the slot of an instance can not have its port; None if it can."""
    if place.host is None or place.port is None:
        return None
    port, slot = place.port + offset, f"the second slot of instances[{place.index}] ({place.name})"
    if port > _HIGHEST:
        return f"{slot} would have port {port}, and there is none above {_HIGHEST}"
    other = used.get((place.host, port))
    return f"on host {place.host} {slot} would have port {port}, that of {other.what}" if other else None
