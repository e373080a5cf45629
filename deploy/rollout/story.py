"""What hosts know of a rollout, while it goes on and later: its plan, where it is, what gates saw, who decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from deploy.errors import parted
from deploy.rollout.lease import counter_of
from deploy.rollout.ledger import ROLLBACK
from deploy.rollout.plan import Plan, Target

HOMEWARD: Final = "way back"
"""How the purpose of a rollout begins that takes back what another one left on its way."""


class State(StrEnum):
    """How a rollout stands."""

    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Seen:
    """What gates said at stage number `at` (from 0), what follows and why; `verdicts` are as the gates wrote them."""

    at: int
    next: str
    reason: str
    verdicts: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Decision:
    """Who decided what of which held rollout, when, what was shown, and why, if that was said."""

    rollout: str
    verb: str
    by: str
    at: str
    shown: str
    why: str | None = None


@dataclass(frozen=True)
class Story:
    """One rollout, called `id`; `at` is the number of its stage (from 0), times are ISO text in UTC.

    With `decision` it goes on with one that was held, from stage `start` on. `thread` is where people are told of it.
    One that failed is `degraded` where not all could go back.
    """

    id: str
    token: str
    purpose: str
    strategy: str
    by: str
    began: str
    updated: str
    state: State
    plan: Plan
    found: Target
    wanted: Target
    at: int = 0
    start: int = 0
    reason: str | None = None
    degraded: bool = False
    seen: tuple[Seen, ...] = ()
    decision: Decision | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    thread: str | None = None

    @property
    def homeward(self) -> bool:
        """Whether it goes back: then what it wants is where the fleet belongs, and not what it found."""
        return self.purpose == ROLLBACK or self.purpose.startswith(HOMEWARD)

    @property
    def counter(self) -> int:
        """By what stories are ordered."""
        return counter_of(self.token)


def in_short(reason: str | None) -> str:
    """Why a rollout ended as it did, or is held, without what every reason has: empty where none is told."""
    return parted(reason or "")[0].removeprefix("rollout failed: ")


_FORM: Final = TypeAdapter(Story)


def told(story: Story) -> dict[str, Any]:
    """A story as JSON has it."""
    found: dict[str, Any] = _FORM.dump_python(story, mode="json")
    return found


def read(record: Mapping[str, Any]) -> Story | None:
    """The story in a record; None where it is spoilt, or written by another version."""
    try:
        return _FORM.validate_python(record)
    except ValidationError:
        return None


def latest(snapshots: Mapping[str, Mapping[str, Any]]) -> Story | None:
    """The newest story that any of the hosts has; of two of one rollout the one that came further."""
    records = (record for snapshot in snapshots.values() for record in (snapshot.get("stories") or {}).values())
    stories = [story for record in records if (story := read(record))]
    return max(stories, key=lambda story: (story.counter, story.state != State.RUNNING, story.updated), default=None)
