"""`make check`: lint, format, types and the fast tests, each with its time."""

import time
from collections.abc import Callable, Sequence

FAST = "not fleet and not engine and not toolchain and not promtool"
CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("pytest", "-m", FAST, "-n", "auto"),
)

Run = Callable[[Sequence[str]], int]


def check(run: Run, clock: Callable[[], float] = time.monotonic) -> int:
    """Run every check, also after one has failed; return 1 if any has."""
    failed = []
    for words in CHECKS:
        print(f"$ {' '.join(words)}", flush=True)
        started = clock()
        if run(words) != 0:
            failed.append(words[0])
        print(f"  {clock() - started:.1f} s", flush=True)
    print(f"check: {'failed: ' + ' '.join(failed) if failed else 'all passed'}", flush=True)
    return 1 if failed else 0
