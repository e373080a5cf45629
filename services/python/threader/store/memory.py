"""Threads in memory: for trials. A restart forgets them, and an incident then gets a second thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threader.incidents import Thread
from threader.store import StoreError
from threader.store.records import expired, pack, unpack

CLAIM_WAIT = 15.0


class MemoryStore:
    """A dictionary with an end of life for its entries."""

    local = True

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._records: dict[str, Any] = {}
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def claim(self, incident: str) -> Iterator[None]:
        """One delivery at a time."""
        if not self._one_at_a_time.acquire(timeout=CLAIM_WAIT):
            raise StoreError(f"another delivery has held the store for {CLAIM_WAIT:.0f} s")
        try:
            yield
        finally:
            self._one_at_a_time.release()

    def get(self, incident: str) -> Thread | None:
        """What is known of an incident."""
        record = self._records.get(incident)
        return None if record is None or expired(record, self._ttl) else unpack(record)

    def put(self, incident: str, thread: Thread) -> None:
        """Keep it until the process ends."""
        self._records = {k: r for k, r in self._records.items() if not expired(r, self._ttl)}
        self._records[incident] = pack(thread)

    def check(self) -> None:
        """Memory is always there."""
