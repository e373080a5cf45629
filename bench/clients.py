"""Clients that ask who answers behind the edges, over and over, each request over a connection of its own."""

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from bench.shifted import Seen
from tools.load.repeating import repeating

PAUSE: Final = 0.005
"""Seconds between two requests of a client."""


@contextmanager
def clients(addresses: Sequence[tuple[str, int]]) -> Iterator[list[Seen]]:
    """One for each edge; what they have seen is there once the context has ended."""
    seen: list[Seen] = []

    def ask(address: tuple[str, int]) -> None:
        version = _version(address)
        seen.append(Seen(address[0], time.time(), version))

    with repeating(ask, addresses, PAUSE):
        yield seen


def _version(address: tuple[str, int]) -> str | None:
    """The release that answers; None where a request failed."""
    link = http.client.HTTPConnection(*address, timeout=10)
    try:
        link.request("GET", "/health", headers={"Connection": "close"})
        answer = link.getresponse()
        content = json.loads(answer.read())
        return str(content["version"]) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None
    finally:
        link.close()
