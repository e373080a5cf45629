"""When traffic went back: what clients saw through the edges, and when the controller asked these to shift. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_SHIFT: Final = re.compile(r"^(\S+) .*\bseconds=([\d.]+) ok=True what=edge-shift$")


@dataclass(frozen=True)
class Seen:
    """An answer, or none: when a client had it, in seconds since the epoch, and which version gave it."""

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
    """From a moment on until the last answer of what is gone back from; at least 10 had come before, and others after.

    Raises NotSeen, also when a request failed.
    """
    failed = sum(each.version is None for each in seen)
    if failed:
        raise NotSeen(f"{failed} of {len(seen)} requests failed")
    last = max((each.at for each in seen if each.version == new), default=0.0)
    if sum(each.version == new and each.at < since for each in seen) < 10:
        raise NotSeen(f"{new} had no traffic before")
    if not any(each.at > last for each in seen):
        raise NotSeen(f"{new} still had traffic in the end")
    return max(0.0, last - since)
