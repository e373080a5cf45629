"""A rollout on its way: its plan, the port to the hosts, how fast it may go, and whether somebody cancelled it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.rollout.plan import Plan
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


@dataclass(frozen=True)
class Run:
    """What an execution works with; the running event loop is its clock."""

    plan: Plan
    port: Port
    tell: Callable[[str], None] = lambda text: None
    pace: Pace = Pace()
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        """Seconds on the clock of the event loop."""
        return asyncio.get_running_loop().time()

    async def pause(self, seconds: float) -> None:
        """Wait, no longer than until it is cancelled."""
        try:
            await asyncio.wait_for(self.cancelled.wait(), seconds)
        except TimeoutError:
            return
