"""Progress on the terminal: one line for each finished step, a sign of life while one runs."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

REWRITE_SECONDS = 1.0
"""On a terminal the running step's line is rewritten this often."""
HEARTBEAT_SECONDS = 9.0
"""Off a terminal a line comes this often: less than the 10 s after which people think that it hangs."""


def heartbeat(doing: str, elapsed: float, usual: float | None, log: str) -> str:
    """Return the line that says what runs, for how long, how long it usually takes, and where its log is."""
    of = f" of about {usual:.0f} s" if usual else ""
    where = f"  log: {log}" if log else ""
    return f"{doing}  {elapsed:.0f} s{of}{where}"


@dataclass
class Step:
    """One step of set-up. Call `beat` often while it runs and `done` once at its end."""

    name: str
    usual: float | None = None
    log: str = ""
    out: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    doing: str = ""

    def __post_init__(self) -> None:
        self.started = self.clock()
        self._last = self.started
        self._rewrites = self.out.isatty()

    def beat(self) -> None:
        """Print a sign of life when one is due."""
        now = self.clock()
        if now - self._last < (REWRITE_SECONDS if self._rewrites else HEARTBEAT_SECONDS):
            return
        self._last = now
        line = heartbeat(self.doing or self.name, now - self.started, self.usual, self.log)
        self._print(f"\r\x1b[K{line}" if self._rewrites else line, end="" if self._rewrites else "\n")

    def done(self, result: str) -> None:
        """Print the step's one line: what came of it and the seconds it took."""
        clear = "\r\x1b[K" if self._rewrites else ""
        self._print(f"{clear}{self.name:<10} {result}  ({self.clock() - self.started:.1f} s)")

    def note(self, text: str) -> None:
        """Print something that people should know while the step runs."""
        clear = "\r\x1b[K" if self._rewrites else ""
        self._print(f"{clear}{self.name:<10} {text}")

    def _print(self, text: str, end: str = "\n") -> None:
        print(text, end=end, file=self.out, flush=True)
