"""What was measured, as a table and as a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.facts import facts

RESULTS: Final = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """A measured time in seconds, and what it should be under, if anything."""

    name: str
    seconds: float
    limit: float | None = None

    @property
    def verdict(self) -> str:
        """ok, not ok, or nothing where no limit was set."""
        return "" if self.limit is None else "ok" if self.seconds < self.limit else "not ok"

    def row(self) -> str:
        """A line of the table."""
        limit = f"< {self.limit:g} s" if self.limit is not None else ""
        return f"{self.name:<58} {self.seconds:7.2f} s  {limit:<8} {self.verdict}".rstrip()


def keep(figures: Sequence[Figure]) -> Path:
    """Write a file with the figures and the facts of the machine."""
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    file = RESULTS / f"{at:%Y%m%d-%H%M%S}.json"
    rows = [{**asdict(figure), "seconds": round(figure.seconds, 3), "verdict": figure.verdict} for figure in figures]
    content = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "machine": facts(), "figures": rows}
    file.write_text(json.dumps(content, indent=1) + "\n")
    return file
