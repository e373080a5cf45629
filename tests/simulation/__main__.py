"""python -m tests.simulation --runs N --seed S: many rollouts in a simulated world, under faults."""

import argparse
import sys
import time

from tests.simulation.driver import many, told


def main(words: list[str]) -> int:
    """Do the runs; 1 if any has failed."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000, help="how many runs (20000)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--workers", type=int, default=None, help="how many side by side (one a core)")
    wanted = parser.parse_args(words)
    started = time.monotonic()
    result = many(wanted.runs, wanted.seed, wanted.workers)
    print(f"{result.statistics}; {time.monotonic() - started:.1f} s")
    for seed, why in sorted(result.failures)[:3]:
        print(f"\n{told(seed, why)}")
    print(f"\n{len(result.failures)} of {wanted.runs} runs failed" if result.failures else "all runs went well")
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
