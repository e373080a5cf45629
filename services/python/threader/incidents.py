"""What to post for an alert, given what the incident's thread already has. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Status = Literal["firing", "resolved"]


@dataclass(frozen=True)
class Thread:
    """What is kept of an incident: its last posted state and where its thread is."""

    status: Status
    channel: str
    ts: str | None
    """Slack's id of the first message; None when it went through an incoming webhook, which tells none."""


class Step(Enum):
    """What a delivery does to an incident."""

    SKIP = "duplicate"
    OPEN = "opened"
    OPEN_RESOLVED = "opened_resolved"
    REPLY = "threaded"
    POST_AGAIN = "unthreaded"


def next_step(known: Thread | None, status: Status) -> Step:
    """Decide from the last state that Slack has seen.

    Only a *change* of state is posted, so Alertmanager's repeats and retries are silent. An alert may come back with
    its old start (its source was away for longer than resolve_timeout): that is news again and goes into its thread.
    """
    if known is None:
        return Step.OPEN if status == "firing" else Step.OPEN_RESOLVED
    if known.status == status:
        return Step.SKIP
    return Step.REPLY if known.ts else Step.POST_AGAIN
