"""What is known of one rollout: its records, its story, and so how it stands. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from deploy.cli.exits import Code
from deploy.rollout.decide import open_ended
from deploy.rollout.execute import DEGRADED as NOT_BACK
from deploy.rollout.history import DONE as WELL
from deploy.rollout.history import HELD, UNDER_WAY, Rollout
from deploy.rollout.history import INTERRUPTED as CUT_OFF
from deploy.rollout.ledger import ROLLBACK
from deploy.rollout.story import State, Story, in_short, latest


class Stand(StrEnum):
    """How a rollout stands, as people read it."""

    RUNNING = "under way"
    HELD = "held"
    DONE = "done"
    BACK = "rolled back"
    DEGRADED = "degraded"
    SUPERSEDED = "superseded"
    INTERRUPTED = "interrupted"
    OVER = "no longer held"


CODES: Final = {
    Stand.RUNNING: Code.OK,
    Stand.DONE: Code.OK,
    Stand.OVER: Code.OK,
    Stand.BACK: Code.ROLLED_BACK,
    Stand.HELD: Code.HELD,
}
"""The exit codes of a script that asks; of all others UNDONE."""
_VERDICTS: Final = {WELL: Stand.DONE, HELD: Stand.HELD, "superseded": Stand.SUPERSEDED, CUT_OFF: Stand.INTERRUPTED}
_STATES: Final = {
    State.RUNNING: Stand.INTERRUPTED,  # a live one has a record that says so
    State.HELD: Stand.HELD,
    State.DONE: Stand.DONE,
    State.SUPERSEDED: Stand.SUPERSEDED,
}


@dataclass(frozen=True)
class Account:
    """One rollout; `later` is the one after it, if there is one."""

    id: str
    rollout: Rollout | None
    story: Story | None
    later: str | None = None

    @property
    def stand(self) -> Stand:
        """How it stands; whatever came later has ended a hold."""
        stand = self._stand
        return Stand.OVER if stand is Stand.HELD and self.later else stand

    @property
    def _stand(self) -> Stand:
        known = self.rollout.verdict if self.rollout else None
        if known == UNDER_WAY:
            return Stand.RUNNING
        failed = Stand.DEGRADED if NOT_BACK in (self.reason or "") else Stand.BACK
        if self.story and known in (None, CUT_OFF):
            return _STATES.get(self.story.state, failed)
        return _VERDICTS.get(known or "", failed)

    @property
    def code(self) -> Code:
        """The exit code that tells it to scripts."""
        return CODES.get(self.stand, Code.UNDONE)

    @property
    def reason(self) -> str | None:
        """Why it ended as it did, or is held; without what comes next."""
        told = (self.story.reason if self.story else None) or (self.rollout.reason if self.rollout else None)
        return in_short(told) if told else None

    @property
    def where(self) -> str:
        """How it stands, and at which of its steps; "" of steps where that does not matter."""
        total = len(self.story.plan.stages) if self.story else 0
        if self.story is None or total < 2 or self.stand is Stand.DONE:
            return str(self.stand)
        return f"{self.stand} at step {self.story.at + 1} of {total}"

    @property
    def homeward(self) -> bool:
        """Whether it goes back, so that there is nothing to take back."""
        if self.story:
            return self.story.homeward
        return self.rollout is not None and self.rollout.purpose == ROLLBACK

    @property
    def strategy(self) -> str:
        """Its strategy."""
        return self.story.strategy if self.story else self.rollout.strategy if self.rollout else "?"

    @property
    def after(self) -> str | None:
        """The command that comes next, where there is one."""
        match self.stand:
            case Stand.HELD:
                return f"threader rollout {self.id} --why, then threader promote {self.id} or threader abort {self.id}"
            case Stand.RUNNING:
                return f"threader rollout {self.id} --watch, or threader abort {self.id}"
            case Stand.INTERRUPTED if self.story and open_ended(self.story):
                return f"threader deploy, which first takes back what {self.id} left on its way"
            case Stand.INTERRUPTED | Stand.DEGRADED | Stand.SUPERSEDED:
                return "threader status, then threader deploy"
            case Stand.BACK if self.story and self.story.seen:
                return f"threader rollout {self.id} --why"
            case Stand.OVER:
                return f"threader rollout {self.later}"
        return None


def accounts(snapshots: Mapping[str, Mapping[str, Any]], rollouts: Sequence[Rollout]) -> tuple[Account, ...]:
    """Every rollout that hosts remember, newest first, with its story where they still tell it."""
    stories = told(snapshots)
    by_id = {rollout.id: rollout for rollout in reversed(rollouts)}
    names = sorted({*by_id, *stories}, key=number, reverse=True)
    later = [None, *names]
    return tuple(Account(name, by_id.get(name), stories.get(name), later[at]) for at, name in enumerate(names))


def told(snapshots: Mapping[str, Mapping[str, Any]]) -> dict[str, Story]:
    """The stories of all hosts by rollout; of two of one the one that came further."""
    names = {name for snapshot in snapshots.values() for name in snapshot.get("stories") or {}}
    return {name: story for name in names if (story := latest(_only(name, snapshots)))}


def _only(name: str, snapshots: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    kept = {host: (snapshot.get("stories") or {}).get(name) for host, snapshot in snapshots.items()}
    return {host: {"stories": {name: record}} for host, record in kept.items() if record}


def number(name: str) -> int:
    """By what rollouts are ordered: r10 comes after r9."""
    return int(name[1:]) if name[1:].isdecimal() else 0
