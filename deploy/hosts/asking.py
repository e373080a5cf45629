"""How gates ask hosts: the script that is sent to them, what it is told of a place, and what it answers."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.paths import current_link
from deploy.rollout.plan import Place

Send = Callable[[Connection, str, Mapping[str, Any], float], Awaitable[list[str]]]
"""Runs one of our scripts as root on a host, by its name, with a request on its standard input, for so many seconds at
most, and gives the lines that it prints; raises HostFault."""

SCRIPT: Final = "ask"
MORE: Final = 20.0
"""Seconds that a host gets beside what it is asked for: to connect, to begin, and for a second and third request."""


class SilentError(Exception):
    """A host gave no answer, for the reason given."""


class Asking:
    """Sends the script to hosts."""

    def __init__(self, send: Send, connections: Mapping[str, Connection]) -> None:
        self._send, self._connections = send, connections

    async def ask(self, host: str, what: str, seconds: float, **request: object) -> list[Any]:
        """What it answers on a host; raises SilentError."""
        words = {"what": what, "seconds": seconds, **request}
        try:
            lines = await self._send(self._connections[host], SCRIPT, words, 3 * seconds + MORE)
            found: list[Any] = json.loads(lines[-1])
        except HostFault as fault:
            raise SilentError(f"host {host}: {fault.reason}") from fault
        except (ValueError, LookupError) as error:
            raise SilentError(f"host {host} gave no answer") from error
        return found


def by_host(places: Sequence[Place]) -> Mapping[str, Sequence[Place]]:
    """Places of each host, in their order."""
    found: dict[str, list[Place]] = {}
    for place in places:
        found.setdefault(place.host, []).append(place)
    return found


def described(place: Place) -> dict[str, Any]:
    """A place as the script wants it."""
    folder, generation = current_link(place.instance), place.generation
    return {"name": place.instance, "folder": folder, "generation": generation, "port": place.port}
