"""Many runs on all cores; a failing one is made short and told as a test."""

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.simulation.run import Statistics, simulate
from tests.simulation.scenario import scenario
from tests.simulation.shrink import as_test, complaint, shrunk

CHUNK = 50


@dataclass
class Result:
    """What came of some seeds: the failing ones each with why."""

    statistics: Statistics = field(default_factory=Statistics)
    failures: list[tuple[int, str]] = field(default_factory=list)


def some(seeds: Sequence[int]) -> Result:
    """Do a few runs, here."""
    result = Result()
    for seed in seeds:
        try:
            result.statistics.add(simulate(scenario(seed)))
        except Exception as error:  # whatever it is, a run must not raise it
            result.failures.append((seed, f"{type(error).__name__}: {error}"))
    return result


def many(runs: int, seed: int = 0, workers: int | None = None) -> Result:
    """Do the runs from `seed` on, side by side."""
    chunks = [range(first, min(first + CHUNK, seed + runs)) for first in range(seed, seed + runs, CHUNK)]
    result = Result()
    with multiprocessing.get_context("fork").Pool(workers or os.cpu_count()) as pool:
        for part in pool.imap_unordered(some, chunks):
            result.statistics.merge(part.statistics)
            result.failures += part.failures
    return result


def told(seed: int, why: str) -> str:
    """What to do about a failing run: its seed, and a short test of it."""
    made = scenario(seed)
    short = shrunk(made)
    names = frozenset(name for wish in made.wishes for name in wish.releases)
    return f"seed {seed}: {why}\n\n{as_test(seed, short, names, complaint(short) or why)}"
