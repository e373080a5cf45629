"""Prints what the tests of alerts cover, and how many mistakes put in on purpose they find; exits with 1 on a hole.

python -m tools.monitoring               both
python -m tools.monitoring coverage      the table alone
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from monitoring.rules import alerts
from tools.monitoring.cases import boundaries, written
from tools.monitoring.coverage import holes, row, table
from tools.monitoring.run import Subject, subjects, survivors
from tools.monitoring.sample import FLEET

ENOUGH: Final = 0.95
"""The share of mistakes that have to be found."""


def main(words: Sequence[str]) -> int:
    """The exit status."""
    bad = cover()
    return bad if words == ["coverage"] else max(bad, mutate(subjects(FLEET)))


def cover() -> int:
    """The table of what is covered."""
    edges = boundaries()
    rows = [row(rule, written(rule.name).values(), edges) for rule in alerts(FLEET)]
    missing = holes(rows)
    print(table(rows))
    print(f"{len(rows)} rules; holes: {', '.join(missing) or 'none'}", flush=True)
    return 1 if missing else 0


def mutate(found: Sequence[Subject]) -> int:
    """The figure of mistakes found, and those that were not."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        every, alive = survivors(found, FLEET, Path(folder))
    share = 1 - len(alive) / len(every)
    for each in alive:
        print(f"not found: {each.rule.name} ({each.kind}): {each.told}")
    seconds = time.monotonic() - started
    print(f"{len(every) - len(alive)} of {len(every)} mistakes found, {share:.1%}, in {seconds:.0f} s")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
