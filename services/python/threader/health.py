"""Two questions about this process: does it work (/health), and should it get alerts now (/ready)?"""

from __future__ import annotations

import threading
import time

from threader.metrics import Metrics
from threader.store import StoreError, ThreadStore

FRESH = 1.0  # seconds that an answer of the store counts, so that probes cannot load it


class Health:
    """Asks the store, remembers the answer for a moment, knows whether the process is on its way out."""

    def __init__(self, store: ThreadStore, metrics: Metrics) -> None:
        self.draining = False
        self._store, self._metrics = store, metrics
        self._asking = threading.Lock()
        self._asked = float("-inf")
        self._problem: str | None = None

    def sick(self) -> str | None:
        """Why this instance is broken. A shared store that is away is not its fault, and no restart would mend it."""
        problem = self._store_problem() if self._store.local else None
        self._metrics.health.set(0 if problem else 1)
        return problem

    def unready(self) -> str | None:
        """Why it should get no alerts now. Slack's state does not count: Alertmanager keeps what Slack refuses."""
        return "draining" if self.draining else self._store_problem()

    def _store_problem(self) -> str | None:
        with self._asking:
            if time.monotonic() - self._asked > FRESH:
                try:
                    self._store.check()
                    self._problem = None
                except StoreError as error:
                    self._problem = str(error)
                self._asked = time.monotonic()
            return self._problem
