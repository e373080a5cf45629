"""Instances asked again and again while something happens to them, each place from a thread of its own."""

import http.client
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from tools.load.repeating import repeating

PAUSE = 0.05


@dataclass(frozen=True)
class Look:
    """Who answered at a place (ADDRESS:PORT) that it is well; empty if nobody did."""

    at: float
    place: str
    instance: str
    version: str


class Watching:
    """A context in which every place is looked at some 15 times a second."""

    def __init__(self, places: Iterable[str]) -> None:
        self._looks: list[Look] = []
        self._watching = repeating(self._watch, places, PAUSE)

    def __enter__(self) -> "Watching":
        self._watching.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._watching.__exit__(None, None, None)

    @property
    def looks(self) -> list[Look]:
        """All looks, oldest first."""
        return sorted(self._looks, key=lambda look: look.at)

    def silence(self, *instances: str) -> float:
        """The longest time, in seconds, for which none of the instances was found to be well, wherever it is."""
        looks = self.looks
        well = [look.at for look in looks if look.instance in instances]
        return max(after - before for before, after in pairwise([looks[0].at, *well, looks[-1].at]))

    def away(self, instance: str) -> list[tuple[float, float]]:
        """From when until when an instance that has one place was not well there, at the most."""
        place = next(look.place for look in self.looks if look.instance == instance)
        looks = [look for look in self.looks if look.place == place]
        found, since = [], None
        for before, look in pairwise(looks):
            if before.instance and not look.instance:
                since = before.at
            if look.instance and since is not None:
                found.append((since, look.at))
                since = None
        return found

    def served(self, instance: str) -> dict[str, tuple[float, float]]:
        """From when until when an instance was found to be well, by place."""
        found: dict[str, list[float]] = {}
        for look in self.looks:
            if look.instance == instance:
                found.setdefault(look.place, []).append(look.at)
        return {place: (times[0], times[-1]) for place, times in found.items()}

    def _watch(self, place: str) -> None:
        at = time.monotonic()
        self._looks.append(Look(at, place, *_asked(place)))


def _asked(place: str) -> tuple[str, str]:
    address, port = place.split(":")
    connection = http.client.HTTPConnection(address, int(port), timeout=1)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        told = json.loads(answer.read())
        return (told["instance"], told["version"]) if answer.status == 200 else ("", "")
    except (OSError, ValueError, http.client.HTTPException, KeyError):
        return ("", "")
    finally:
        connection.close()
