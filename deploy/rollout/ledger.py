"""What hosts remember of each instance, and what follows: which generations stay back, and what is pinned. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

ROLLBACK: Final = "rollback"
"""The purpose of a switch with which a person went back."""
REJECT: Final = "reject"
"""The purpose of a switch with which a failed rollout took back the instance that failed it after its activation."""

WHY: Final = {
    ROLLBACK: "{0.by} went back from it to {0.after}",
    REJECT: "it was rolled back (it fell ill soon after its activation)",
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


@dataclass(frozen=True)
class Rejection:
    """Why a generation stays back: it was unhealthy, or a person went back from it."""

    at: str
    by: str
    reason: str

    def text(self, host: str) -> str:
        """As one clause."""
        return f"{self.reason}, at {self.at} on {host}"


@dataclass(frozen=True)
class Pin:
    """An instance stays on `generation`, since a person went back to it."""

    generation: str
    before: str | None
    by: str
    at: str


def entries(lines: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Lines of a ledger as found, oldest first; what older versions did not write is empty."""
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
        )
        for line in lines
    )


def rejected(ledger: Sequence[Entry]) -> dict[str, Rejection]:
    """The generations about which the last word is that they failed, or that a person went back from them."""
    found: dict[str, Rejection] = {}
    for entry in ledger:
        if entry.verdict == "failed" and entry.after:
            found[entry.after] = Rejection(entry.at, entry.by, f"it was rolled back ({entry.reason})")
        if entry.verdict == "confirmed":
            found.pop(entry.after or "", None)
            if entry.purpose in WHY and entry.before and entry.before != entry.after:
                found[entry.before] = Rejection(entry.at, entry.by, WHY[entry.purpose].format(entry))
    return found


def pin(ledger: Sequence[Entry]) -> Pin | None:
    """What a person went back to, until a deploy activates something."""
    last = next((entry for entry in reversed(ledger) if entry.verdict == "confirmed"), None)
    if last is None or last.purpose != ROLLBACK or last.after is None:
        return None
    return Pin(last.after, last.before, last.by, last.at)
