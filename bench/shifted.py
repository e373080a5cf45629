"""When traffic went back: what clients saw through the edges, and when the controller asked these to shift. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

LEAST: Final = 10
"""Answers of the new version that a client has to have got before, for what comes to mean anything."""
_SHIFT: Final = re.compile(r"^(\S+) .*\bseconds=([\d.]+) ok=True what=edge-shift$")


@dataclass(frozen=True)
class Seen:
    """An answer, or none: when the client of an edge had it, in seconds since the epoch, and which version gave it."""

    edge: str
    at: float
    version: str | None


@dataclass(frozen=True)
class Shift:
    """A call of one edge: when it was made, and when it was answered."""

    asked: float
    answered: float


class NotSeen(Exception):  # noqa: N818 - it is a verdict
    """Clients did not see what should be measured."""


def shifts(log: Iterable[str]) -> list[Shift]:
    """The calls in a log of execs (THREADER_LOG), in their order."""
    found = []
    for line in log:
        if match := _SHIFT.match(line):
            answered = datetime.fromisoformat(match[1]).timestamp()
            found.append(Shift(answered - float(match[2]), answered))
    return found


def first(calls: Sequence[Shift], edges: int) -> Shift:
    """The first shift of a way back, which asks all edges at once; until the last of them has answered."""
    if len(calls) < edges:
        raise NotSeen(f"{len(calls)} edges were asked to shift, of {edges}")
    return Shift(min(call.asked for call in calls[:edges]), max(call.answered for call in calls[:edges]))


def seconds(seen: Sequence[Seen], new: str, since: float) -> float:
    """From a moment on until each client has got the answer after the last one of what is gone back from.

    That answer is later than the last request of the new one, never earlier, also where clients are slow. Raises
    NotSeen where a request failed, or where one of the clients did not see traffic go to the new one, and away from it.
    """
    failed = sum(each.version is None for each in seen)
    if failed or not seen:
        raise NotSeen(f"{failed} of {len(seen)} requests failed")
    edges = {each.edge for each in seen}
    return max(0.0, max(_gone([one for one in seen if one.edge == edge], new, since) for edge in edges) - since)


def _gone(seen: Sequence[Seen], new: str, since: float) -> float:
    """When a client got the first answer after the last one of the new version."""
    at = [number for number, each in enumerate(seen) if each.version == new]
    if sum(seen[number].at < since for number in at) < LEAST:
        raise NotSeen(f"{new} had no traffic before")
    if at[-1] + 1 == len(seen):
        raise NotSeen(f"{new} still had traffic in the end")
    return seen[at[-1] + 1].at
