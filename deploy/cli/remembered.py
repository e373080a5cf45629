"""What hosts remember that a status tells: pins, rejections, the last rollout, and who is at work. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.cli import times
from deploy.cli.account import Account, Stand, accounts
from deploy.cli.look import Look
from deploy.faults import HostFault
from deploy.rollout.history import Rollout, history
from deploy.rollout.lease import holder
from deploy.rollout.ledger import Pin, Rejection, pin, rejected
from deploy.rollout.story import in_short
from deploy.rollout.survey import ledgers

OPEN: Final = (Stand.HELD, Stand.RUNNING, Stand.INTERRUPTED)


@dataclass(frozen=True)
class Remembered:
    """By instance its pin and what of it stays back; the last rollout, and the lease of a controller that is alive.

    `open` is the last rollout where it is held, under way or interrupted.
    """

    pins: Mapping[str, Pin] = field(default_factory=dict)
    rejections: Mapping[str, Mapping[str, Rejection]] = field(default_factory=dict)
    rollout: Rollout | None = None
    lease: Mapping[str, Any] | None = None
    open: Account | None = None

    def lines(self) -> list[str]:
        """A line for each pin, for each generation that stays back without one, for the last rollout and the lease.

        Of a rollout that has not ended two more: how it stands, and what comes next.
        """
        lines = [f"{name} is pinned to {_pinned(each)}" for name, each in self.pins.items()]
        lines += [
            f"{name}: {generation} stays back: {why.reason}, at {times.shown(why.at)} UTC on {why.host}"
            for name, told in self.rejections.items()
            for generation, why in told.items()
            if name not in self.pins or self.pins[name].before != generation
        ]
        if self.lease:
            lines.append(holder(self.lease))
        lines += [_told(self.rollout)] if self.rollout else []
        return [*lines, *_next(self.open)] if self.open else lines


def remembered(found: Mapping[str, Look | HostFault]) -> Remembered:
    """What the hosts that answer remember; of what stays back only what a host still keeps."""
    snapshots = {host: look.snapshot for host, look in found.items() if isinstance(look, Look)}
    kept = {
        (name, generation)
        for snapshot in snapshots.values()
        for name, instance in snapshot["instances"].items()
        for generation in instance["generations"]
    }
    told = ledgers(snapshots)
    pins = {name: held for name, ledger in told.items() if (held := pin(ledger))}
    back = {
        name: {generation: why for generation, why in rejected(ledger).items() if (name, generation) in kept}
        for name, ledger in told.items()
    }
    leases = (snapshot.get("lease") or {} for snapshot in snapshots.values())
    return Remembered(
        pins=pins,
        rejections={name: why for name, why in back.items() if why},
        rollout=next(iter(history(snapshots.values())), None),
        open=next((each for each in _last(snapshots) if each.stand in OPEN), None),
        lease=next((lease for lease in leases if lease.get("live")), None),
    )


def _last(snapshots: Mapping[str, Mapping[str, Any]]) -> tuple[Account, ...]:
    return accounts(snapshots, history(snapshots.values()))[:1]


def _next(account: Account) -> list[str]:
    """How the last rollout stands where it has not ended, and what comes next."""
    return [f"{account.id} is {account.where}", f"next: {account.after}"]


def how(rollout: Rollout) -> str:
    """How a rollout ended, with the time it took."""
    took = "" if rollout.seconds is None else f" in {times.span(rollout.seconds)}"
    return f"{rollout.verdict}{took}"


def why(rollout: Rollout) -> str:
    """The reason of its verdict in short, without what comes next; empty if there is none."""
    return in_short(rollout.reason)


def _pinned(held: Pin) -> str:
    return f"{held.generation}: {held.by} went back from {held.before} at {times.shown(held.at)} UTC"


def _told(rollout: Rollout) -> str:
    what = f"{rollout.id}, a {rollout.purpose} of {', '.join(rollout.versions) or 'nothing'} by {rollout.by}"
    ended = ": ".join([how(rollout), *([why(rollout)] if why(rollout) else [])])
    return f"last rollout: {what}, {times.shown(rollout.at or rollout.ended)} UTC: {ended}"
