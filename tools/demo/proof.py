"""Proof that the fleet does what it is for: one incident is one thread, whichever instances hear of it."""

import time
from collections.abc import Mapping, Sequence

import requests

from tools.local.webhook import post, threads, webhook


class NotProven(Exception):  # noqa: N818 - it is a verdict
    """A thread is missing or is more than one; the text says which."""


def prove(addresses: Mapping[str, str], slack: str) -> Sequence[str]:
    """Fire an incident at every instance and resolve it at the next one; each must be one thread of two messages."""
    names = list(addresses)
    stamp = time.strftime("%H%M%S")
    lines = []
    for number, name in enumerate(names):
        other = names[(number + 1) % len(names)]
        alert = f"Demo-{stamp}-{name}"
        try:
            post(addresses[name], webhook(alert, "firing"))
            post(addresses[other], webhook(alert, "resolved"))
            found = threads(slack, alert)
        except requests.RequestException as error:
            raise NotProven(f"{alert}: {error}; next: threader logs {name}") from None
        lines.append(verdict(alert, name, other, found))
    return lines


def prove_edge(edge: str, slack: str) -> str:
    """An incident as Alertmanager would tell it, through the edge, whichever instance it chooses."""
    alert = f"Demo-{time.strftime('%H%M%S')}-edge"
    try:
        post(edge, webhook(alert, "firing"))
        post(edge, webhook(alert, "resolved"))
        return verdict(alert, f"the edge {edge}", "the edge", threads(slack, alert))
    except requests.RequestException as error:
        raise NotProven(f"{alert}: {error}; next: threader status") from None


def verdict(alert: str, fired: str, resolved: str, found: Sequence[Sequence[str]]) -> str:
    """One line for a good thread; NotProven for anything else."""
    whole = len(found) == 1 and len(found[0]) == 2 and "Firing" in found[0][0] and "Resolved" in found[0][1]
    if not whole:
        raise NotProven(f"{alert}: expected one thread of 2 messages, found {[len(thread) for thread in found]}")
    return f"thread ok  {alert}: fired at {fired}, resolved at {resolved}, one thread of 2 messages"
