"""A rollout on its way: its plan, the port to the hosts, how fast it may go, and whether somebody cancelled it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deploy.rollout.plan import Check, Plan
from deploy.rollout.port import Port


@dataclass(frozen=True)
class Pace:
    """How much may be out of service (None: no rule), the seconds between batches, and those of no progress."""

    max_unavailable: int | None = None
    wait: float = 0.0
    progress_deadline: float = 600.0

    def allows(self, down: int, costs: int) -> bool:
        """Whether `costs` serving instances may be switched while `down` others are out of service.

        What costs nothing may always go: it can only make things better.
        """
        return self.max_unavailable is None or not costs or not down or down + costs <= self.max_unavailable


class Next(StrEnum):
    """What follows from a check."""

    GO = "go on"
    HOLD = "hold"
    BACK = "go back"


@dataclass(frozen=True)
class Judged:
    """What a check came to, and why; `verdicts` are what its gates said, as JSON has it."""

    next: Next
    reason: str
    verdicts: tuple[Mapping[str, Any], ...] = ()


class Cancel(asyncio.Event):
    """That somebody wants the rollout to end, and `why`."""

    why = "cancelled"

    def because(self, why: str) -> None:
        """Cancel, for a reason."""
        self.why = why
        self.set()


async def _no_data(check: Check) -> Judged:
    return Judged(Next.BACK, f"{check.title}: nothing can look at it")


async def _unnoted(at: int, judged: Judged | None = None) -> None:
    return None


@dataclass(frozen=True)
class Run:
    """What an execution works with; the running event loop is its clock.

    `judge` decides each check. `reached` is told the number of each stage before it begins, and what its check came to,
    so that hosts know it.
    """

    plan: Plan
    port: Port
    tell: Callable[[str], None] = lambda text: None
    pace: Pace = Pace()
    cancelled: Cancel = field(default_factory=Cancel)
    judge: Callable[[Check], Awaitable[Judged]] = _no_data
    reached: Callable[[int, Judged | None], Awaitable[None]] = _unnoted

    def now(self) -> float:
        """Seconds on the clock of the event loop."""
        return asyncio.get_running_loop().time()

    async def pause(self, seconds: float) -> None:
        """Wait, no longer than until it is cancelled."""
        try:
            await asyncio.wait_for(self.cancelled.wait(), seconds)
        except TimeoutError:
            return
