"""A restart of many instances, one after the other; the calls of the hosts are passed in."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from deploy.errors import ForPeople
from deploy.manifest.paths import EDGE_HELPER, HELPER

AGAIN: Final = 0.5
"""Seconds between two looks at an instance that is starting."""
STOPPING: Final = 60.0
"""Seconds for a stop, and some: the unit's TimeoutStopSec is 40."""
PURPOSE: Final = "restart"

Answer = Mapping[str, Any]


class NotRestarted(ForPeople):
    """What kept an instance from being restarted, or from coming back."""


@dataclass(frozen=True)
class Place:
    """Where an instance is, and what edges call it."""

    instance: str
    host: str
    server: str


@dataclass(frozen=True)
class Fleet:
    """What is restarted, in this order, and the hosts with an edge in front of it."""

    places: Sequence[Place]
    edges: Sequence[str] = ()

    @property
    def hosts(self) -> list[str]:
        """The hosts with something to restart."""
        return sorted({place.host for place in self.places})


@dataclass(frozen=True)
class Times:
    """In seconds: for an instance to come back, and for its requests in flight at the edges."""

    wait: float = 60.0
    drain: float = 10.0

    @property
    def away(self) -> float:
        """No restart of one instance takes longer: then edges and other controllers go on by themselves."""
        return self.drain + STOPPING + self.wait


class Calls(Protocol):
    """What is needed of the hosts and of time."""

    def ask(self, host: str, *words: str) -> Answer:
        """Run a helper's verb on a host; its answer, of state `failed` with a reason when there is none."""

    def pause(self, seconds: float) -> None:
        """Wait."""

    def now(self) -> float:
        """Seconds that only grow."""


def restart(fleet: Fleet, calls: Calls, times: Times, by: str, tell: Callable[[str], None]) -> None:
    """Restart every place of the fleet, each only when the one before is healthy and ready; raises NotRestarted.

    Nothing is begun while any of them is not well. Deploys wait meanwhile: the lease of the hosts is held.
    """
    turn = Turn(fleet, calls, times, by, tell)
    try:
        turn.take()
        turn.all_well()
        for place in fleet.places:
            turn.renew()
            turn.one(place)
    finally:
        turn.give_back()


class Turn:
    """One such restart, under its lease."""

    def __init__(self, fleet: Fleet, calls: Calls, times: Times, by: str, tell: Callable[[str], None]) -> None:
        self._fleet, self._calls, self._times, self._by, self._tell = fleet, calls, times, by, tell
        self._controller, self._counter = secrets.token_hex(4), 1

    @property
    def _token(self) -> str:
        return f"{self._counter}:{self._controller}"

    def take(self) -> None:
        """Take the lease of every host."""
        while counter := self._superseded():
            self._counter = max(counter, self._counter) + 1

    def renew(self) -> None:
        """Tell the hosts that we are alive; somebody who came after us ends this."""
        if self._superseded():
            raise NotRestarted("somebody else has the fleet by now, so the rest was left alone; next: threader status")

    def give_back(self) -> None:
        """Let others have the fleet."""
        for host in self._fleet.hosts:
            self._calls.ask(host, HELPER, "release", self._token)

    def all_well(self) -> None:
        """Raise unless all are healthy and ready."""
        unwell = {place.instance: why for place in self._fleet.places if (why := self._why(place))}
        if unwell:
            told = "; ".join(f"{name}: {why}" for name, why in unwell.items())
            raise NotRestarted(f"nothing was restarted, since not all is well: {told}; next: threader status")

    def one(self, place: Place) -> None:
        """Drain, restart, wait, admit."""
        begun = self._calls.now()
        self._at_edges(place, "drain", f"{self._times.away:g}", f"{self._times.drain:g}")
        try:
            answer = self._calls.ask(place.host, HELPER, "restart", place.instance, self._by)
            if answer.get("state") in ("busy", "failed"):
                raise self._failed(place, answer.get("reason") or answer["state"])
            self._wait(place, self._why)
        finally:
            self._at_edges(place, "admit")
        self._wait(place, self._not_up)
        seconds = self._calls.now() - begun
        self._tell(f"{place.instance} on {place.host}: restarted, healthy and ready after {seconds:.1f} s")

    def _superseded(self) -> int | None:
        """Ask every host for the lease; the counter that has to be beaten if one of them has seen a higher one."""
        for host in self._fleet.hosts:
            words = ("lease", self._token, f"{self._times.away:g}", self._by, PURPOSE)
            answer = self._calls.ask(host, HELPER, *words)
            if answer.get("state") == "superseded":
                return int(answer["counter"])
            if answer.get("state") == "held":
                holder = answer["lease"]
                who = f"{holder.get('by')} has the fleet for a {holder.get('purpose')} since {holder.get('since')}"
                raise NotRestarted(f"{who}, as host {host} says; next: threader status")
            if answer.get("state") != "granted":
                raise NotRestarted(f"host {host}: {answer.get('reason')}; next: threader doctor")
        return None

    def _wait(self, place: Place, look: Callable[[Place], str | None]) -> None:
        end = self._calls.now() + self._times.wait
        while why := look(place):
            if self._calls.now() >= end:
                raise self._failed(place, f"{why}, for {self._times.wait:g} s")
            self._calls.pause(AGAIN)

    def _why(self, place: Place) -> str | None:
        """Why an instance is not healthy and ready."""
        found = self._calls.ask(place.host, HELPER, "survey", place.instance)
        why = found.get(place.instance, found.get("reason", "the host does not know it"))
        return None if why is None else str(why)

    def _not_up(self, place: Place) -> str | None:
        """Which edge has not found it up by its own checks yet: until then requests would have one place less."""
        for edge in self._fleet.edges:
            status = self._calls.ask(edge, EDGE_HELPER, "show").get("servers", {}).get(place.server, "UP")
            if not status.startswith("UP"):
                return f"the edge on {edge} says {status} of it"
        return None

    def _at_edges(self, place: Place, *words: str) -> None:
        """At every edge; one that does not answer gets a word, and its own checks of the servers have to do."""
        verb, *more = words
        for edge in self._fleet.edges:
            answer = self._calls.ask(edge, EDGE_HELPER, verb, place.server, *more)
            if answer.get("state") == "failed":
                self._tell(f"the edge on {edge} could not {verb} {place.server}: {answer.get('reason')}")

    def _failed(self, place: Place, why: str) -> NotRestarted:
        left = [each.instance for each in self._fleet.places[self._fleet.places.index(place) + 1 :]]
        rest = f"; left alone: {', '.join(left)}" if left else ""
        return NotRestarted(
            f"{place.instance} on {place.host} did not come back: {why}{rest}; next: threader logs {place.instance}"
        )
