"""What an executor needs of the hosts and the edges: real ones, or those of a simulation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from deploy.rollout.plan import Step

DRAINED: Final = "drained"
GRANTED: Final = "granted"
READY: Final = "ready"
SHIFTED: Final = "shifted"
SUPERSEDED: Final = "superseded"
UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True)
class Answer:
    """How a call ended, in one word, and why.

    Of a switch: healthy, confirmed, failed, reverted, busy, lost. Of a lease: granted, held. Of any call: superseded
    (another controller has the fleet), unreachable.
    """

    state: str
    reason: str | None = None
    counter: int = 0


class Port(Protocol):
    """The calls of an executor; every one may take as long as the host's own deadline, none raises."""

    async def hold(self, step: Step) -> Answer:
        """Renew the lease on the step's host; `granted` as long as no other controller has the fleet.

        Edges refuse nobody, so this is asked before they are told anything: who was stopped for a while may be late.
        """

    async def drain(self, step: Step, *, back: bool = False) -> Answer:
        """Let every edge send nothing to the place that is left, and wait until it has nothing in flight."""

    async def begin(self, step: Step) -> Answer:
        """Switch, and wait until the instance is healthy or has gone back."""

    async def confirm(self, step: Step) -> Answer:
        """Keep what was switched; `reverted` when it came too late."""

    async def undo(self, step: Step) -> Answer:
        """Go back now; never fenced."""

    async def revert(self, step: Step, *, reject: bool) -> Answer:
        """Go back from what was confirmed already, as a switch of its own; `confirmed` when it is back.

        With `reject` the host remembers that what it leaves has failed.
        """

    async def reach(self, step: Step) -> Answer:
        """Let every edge send to where the instance came to, if that is another place; then `ready`.

        It is done before it is confirmed: a controller that dies in between leaves no instance that nobody reaches.
        """

    async def admit(self, step: Step, *, back: bool, sure: bool = True) -> Answer:
        """Let every edge send to where the instance is now, where it was before or where it came to; then `ready`.

        The other place gets nothing, and can be admitted again until it is retired. Where one is not `sure` in which
        of them it is, both are admitted: edges look for themselves what answers.
        """

    async def retire(self, step: Step) -> Answer:
        """Let every edge forget the place that was left, when nothing goes back any more."""

    async def shift(self, weights: Mapping[str, int], *, back: bool = False) -> Answer:
        """Give servers these weights at every edge, those with one before others lose theirs; then `shifted`.

        An edge at which one of them is not up changes nothing and says so; on the way back it only waits for a while.
        """

    async def warm(self, step: Step, seconds: float) -> Answer:
        """Let the second slot that a step made go on for so many seconds; then it stops and goes by itself."""

    async def asked(self, host: str) -> str | None:
        """Who asked this rollout to stop, as its host was told, in words; None if nobody did."""

    async def survey(self, instances: Mapping[str, str]) -> Mapping[str, str | None]:
        """Why each instance (by name, with its host) is not healthy and ready, or None."""


class Leases(Protocol):
    """The calls with which a controller holds the fleet."""

    async def lease(self, host: str, token: str, purpose: str) -> Answer:
        """Take or renew the lease on a host; `superseded` tells the counter that has to be beaten."""

    async def release(self, host: str, token: str) -> None:
        """Give it back."""

    async def note(self, host: str, record: Mapping[str, Any]) -> Answer:
        """Append to the host's list of rollouts."""

    async def story(self, host: str, record: Mapping[str, Any]) -> Answer:
        """Replace what the host knows of this controller's rollout."""
