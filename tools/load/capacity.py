"""How much an idle fleet holds behind its edge, found by loading it more and more."""

from collections.abc import Callable
from typing import Final

from tools.load.report import Report

STEPS: Final = (100, 200, 350, 500, 700, 1000)
"""Rates a second that are tried, in their order."""
SLOW: Final = 1000.0
"""Milliseconds that 99 % of the answers may take."""
ENOUGH, USUAL = 1000, 500


def holds(rate: float, found: Report) -> bool:
    """Whether a load was held: all of it sent in time, all answered well, 99 % of it within `SLOW`."""
    return found.clean and found.rate >= 0.97 * rate and found.p99 <= SLOW


def capacity(attempt: Callable[[int], Report], say: Callable[[str], None]) -> int:
    """The highest of `STEPS` that is held, with all before it; 0 where not even the first is."""
    held = 0
    for rate in STEPS:
        found = attempt(rate)
        well = holds(rate, found)
        what = "held" if well else f"not held: {found.rate:g}/s sent, failed {dict(found.failed) or 'none'}"
        say(f"{rate}/s: {what}, p50 {found.p50:g} ms, p99 {found.p99:g} ms")
        if not well:
            break
        held = rate
    return held


def proper(held: int) -> int:
    """The rate for a measurement: 500/s where 1,000/s are held, else half of what is held."""
    return USUAL if held >= ENOUGH else held // 2
