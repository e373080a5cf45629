"""`make test-matrix ARGS="--target setup long-path umask"`: the cases by name, all when none is named."""

import argparse
import subprocess
import sys
import time

from tools.matrix.cases import CASES
from tools.matrix.clone import Case, CaseError


def run(case: Case, target: str) -> str:
    """Run one case; return the empty string when it passed, else why it did not."""
    try:
        case(target)
    except (CaseError, OSError, subprocess.SubprocessError) as error:
        return str(error)
    return ""


def main() -> int:
    """Run the cases one after the other, print a line each, end with 0 only when all passed."""
    parser = argparse.ArgumentParser(prog="make test-matrix", description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--target", choices=("setup", "demo"), default="demo")
    asked = parser.parse_args()
    failed = 0
    for name in asked.cases:
        started = time.monotonic()
        print(f"{name:<18} {CASES[name].__doc__}", flush=True)
        why = run(CASES[name], asked.target)
        failed += bool(why)
        verdict = "FAILED" if why else "passed"
        print(f"{'':<18} {verdict} in {time.monotonic() - started:.0f} s{why and chr(10) + why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
