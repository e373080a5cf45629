"""What hosts remember of each instance, and what follows: which generations stay back, and what is pinned. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from deploy.manifest.running import NOTHING
from deploy.rollout.lease import counter_of

ROLLBACK: Final = "rollback"
"""The purpose of a switch with which a person went back."""
REJECT: Final = "reject"
"""The purpose of a switch with which a failed rollout took back what failed it once activated: ill, or by a gate."""
BACK: Final = frozenset({"undo", REJECT})
"""The purposes with which a failed rollout takes back what it had confirmed."""
SETTLED: Final = frozenset({"confirmed", "stopped"})
"""The verdicts after which an instance is as its switch wanted it."""

WHY: Final = {
    ROLLBACK: "{0.by} went back from it to {1}",
    REJECT: "it was rolled back (a gate refused it, or it fell ill soon after its activation)",
}
"""What is said of a generation that a switch of such a purpose left."""


@dataclass(frozen=True)
class Entry:
    """One line of a ledger: how one switch of an instance ended. None as a generation is nothing at all."""

    at: str
    verdict: str
    before: str | None
    after: str | None
    by: str
    token: str
    purpose: str
    reason: str
    host: str


@dataclass(frozen=True)
class Rejection:
    """Why a generation stays back: it was unhealthy, or a person went back from it."""

    at: str
    by: str
    reason: str
    host: str

    def __str__(self) -> str:
        return f"{self.reason}, at {self.at} on {self.host}"


@dataclass(frozen=True)
class Pin:
    """An instance stays on `generation`, since a person went back to it."""

    generation: str
    before: str | None
    by: str
    at: str


def entries(lines: Iterable[Mapping[str, Any]], host: str) -> tuple[Entry, ...]:
    """Lines of a ledger as found on a host, oldest first; what older versions did not write is empty."""
    return tuple(
        Entry(
            at=str(line.get("at", "")),
            verdict=str(line.get("verdict", "")),
            before=line.get("from"),
            after=line.get("to"),
            by=str(line.get("by") or ""),
            token=str(line.get("token") or ""),
            purpose=str(line.get("purpose") or ""),
            reason=str(line.get("reason") or ""),
            host=host,
        )
        for line in lines
    )


def merged(ledgers: Iterable[Sequence[Entry]]) -> tuple[Entry, ...]:
    """The ledgers of one instance on several hosts as one, in the order of the leases under which they were written.

    Under one lease the clocks of the hosts decide; what one host wrote stays in its order.
    """
    keyed = [pair for ledger in ledgers for pair in zip(_order(ledger), ledger, strict=True)]
    return tuple(entry for _, entry in sorted(keyed, key=lambda pair: pair[0]))


def rejected(ledger: Sequence[Entry]) -> dict[str, Rejection]:
    """The generations about which the last word is that they failed, or that a person went back from them.

    Going back also stops what was new in a place; what moved, and goes on elsewhere, is not rejected by that.
    """
    found, runs = dict[str, Rejection](), dict[str, str | None]()
    for entry in ledger:
        if entry.verdict in SETTLED:
            runs[entry.host] = entry.after
        if entry.verdict == "failed" and entry.after:
            found[entry.after] = Rejection(entry.at, entry.by, f"it was rolled back ({entry.reason})", entry.host)
        if entry.verdict == "confirmed":
            found.pop(entry.after or "", None)
        if entry.before and _left(entry, runs.values()):
            why = WHY[entry.purpose].format(entry, entry.after or NOTHING)
            found[entry.before] = Rejection(entry.at, entry.by, why, entry.host)
    return found


def _left(entry: Entry, runs: Collection[str | None]) -> bool:
    """Whether a switch left what was before it for good, since that failed or a person wanted so."""
    if entry.purpose not in WHY or entry.verdict not in SETTLED or entry.before == entry.after:
        return False
    return entry.after is not None or entry.purpose == REJECT or entry.before not in runs


def pin(ledger: Sequence[Entry]) -> Pin | None:
    """What a person went back to, until a deploy activates something; one that is undone leaves the pin as it was."""
    held, earlier = None, None
    for entry in ledger:
        if entry.verdict not in SETTLED:
            continue
        if entry.purpose in BACK:
            held, earlier = (earlier if earlier and earlier.generation == entry.after else None), None
        else:
            back = entry.purpose == ROLLBACK and entry.after
            held, earlier = (Pin(back, entry.before, entry.by, entry.at) if back else None), held
    return held


def _order(ledger: Sequence[Entry]) -> list[tuple[int, str]]:
    """By counter and time; an entry that has an earlier one of either than that before it counts as written with it."""
    return list(accumulate(((counter_of(entry.token), entry.at) for entry in ledger), max))
