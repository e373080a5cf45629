"""How gates ask hosts: the scripts that are sent to them, what they are told of a place, and what they answer."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.monitoring.access import asking
from deploy.manifest.paths import current_link
from deploy.rollout.plan import Place

Send = Callable[[Connection, str, Mapping[str, Any], float], Awaitable[list[str]]]
"""Runs one of our scripts as root on a host, by its name, with a request on its standard input, for so many seconds at
most, and gives the lines that it prints; raises HostFault."""

ASK: Final = "ask"
GET: Final = "get"
MORE: Final = 20.0
"""Seconds that a host gets beside what it is asked for: to connect, to begin, and for a second and third request."""


class SilentError(Exception):
    """A host gave no answer, for the reason given."""


class Asking:
    """Sends scripts to hosts."""

    def __init__(self, send: Send, connections: Mapping[str, Connection]) -> None:
        self._send, self._connections = send, connections

    async def ask(self, host: str, what: str, seconds: float, **request: object) -> list[Any]:
        """What is answered of instances on a host; raises SilentError."""
        return await self._answer(host, ASK, seconds, {"what": what, "seconds": seconds, **request})

    async def get(self, host: str, url: str, seconds: float, *, tls: bool, user: str | None) -> Any:
        """What is answered at an address that is asked on a monitor, or why nothing is; raises SilentError."""
        access = asking(str(self._connections[host]["address"]), tls=tls, user=user)
        request = {"urls": [url], "access": access, "seconds": seconds}
        return (await self._answer(host, GET, seconds, request))[0]

    async def _answer(self, host: str, script: str, seconds: float, request: Mapping[str, object]) -> list[Any]:
        try:
            lines = await self._send(self._connections[host], script, request, 3 * seconds + MORE)
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
