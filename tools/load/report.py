"""What came of a load: every request that was not answered by a 2xx, by its kind. Pure."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

SHOWN: Final = 20
"""How many failures are told one by one."""


@dataclass(frozen=True)
class Shot:
    """One request: `at` in seconds since the epoch, `code` 0 where there was no answer, `latency` in seconds."""

    at: float
    code: int
    latency: float
    error: str = ""
    connection: str = "kept"

    @property
    def failure(self) -> str | None:
        """The kind of its failure: an HTTP status, or what the operating system said; None for a 2xx."""
        if self.code and not 200 <= self.code < 300:
            return f"HTTP {self.code}"
        return self.error.rpartition(": ")[2] or None


@dataclass(frozen=True)
class Report:
    """`failed` counts by kind; latencies are in milliseconds, of all requests; `rate` is what was sent in a second."""

    sent: int
    ok: int
    failed: Mapping[str, int]
    rate: float
    p50: float
    p99: float
    slowest: float
    failures: tuple[Mapping[str, object], ...]

    @property
    def clean(self) -> bool:
        """Whether nothing failed at all."""
        return self.ok == self.sent

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def parse(lines: Iterable[str], connection: str) -> list[Shot]:
    """The requests in vegeta's CSV: time in ns, status, latency in ns, bytes out and in, error, …"""
    return [
        Shot(int(row[0]) / 1e9, int(row[1]), int(row[2]) / 1e9, row[5], connection) for row in csv.reader(lines) if row
    ]


def report(shots: Iterable[Shot]) -> Report:
    """The sum of it."""
    known = sorted(shots, key=lambda shot: shot.at)
    kinds = Counter(shot.failure for shot in known if shot.failure)
    span = known[-1].at - known[0].at if len(known) > 1 else 0.0
    latencies = sorted(shot.latency * 1000 for shot in known)
    return Report(
        sent=len(known),
        ok=len(known) - kinds.total(),
        failed=dict(kinds),
        rate=round((len(known) - 1) / span, 1) if span else 0.0,
        p50=percentile(latencies, 50),
        p99=percentile(latencies, 99),
        slowest=percentile(latencies, 100),
        failures=tuple(
            {"at": round(shot.at, 3), "kind": shot.failure, "connection": shot.connection, "error": shot.error}
            for shot in known
            if shot.failure
        )[:SHOWN],
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` percent of the ordered ones do not exceed (nearest rank), to 0.1; 0 of nothing."""
    return round(ordered[max(math.ceil(share / 100 * len(ordered)), 1) - 1], 1) if ordered else 0.0
