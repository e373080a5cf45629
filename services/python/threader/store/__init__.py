"""Where incidents' threads are kept: one interface, one module for each place."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from threader.incidents import Thread
from threader.settings import Settings


class StoreError(Exception):
    """The store cannot be used now; the text says why and holds no secret."""


class IncidentHeldError(StoreError):
    """Another instance has this incident and does not let go; others may still be free."""


class ThreadStore(Protocol):
    """Threads by incident. All methods may block (briefly) and raise StoreError."""

    local: bool
    """True when a failure is this instance's own (its disk), not that of a service shared by many."""

    def claim(self, incident: str) -> AbstractContextManager[None]:
        """Only one holder at a time, over all instances that share the store; waits for the other, up to a limit."""

    def get(self, incident: str) -> Thread | None:
        """What is known of an incident."""

    def put(self, incident: str, thread: Thread) -> None:
        """Keep it durably."""

    def check(self) -> None:
        """Raise StoreError unless a put would now succeed."""


def open_store(settings: Settings) -> ThreadStore:
    """The store that the settings name. Raises StoreError when it can never work, as an unwritable folder."""
    ttl = settings.thread_ttl_days * 86400
    if settings.thread_store == "memory":
        from threader.store.memory import MemoryStore

        return MemoryStore(ttl)
    if settings.thread_store == "file":
        from threader.store.file import FileStore

        if settings.thread_store_file is None:
            raise StoreError("THREAD_STORE_FILE is missing")  # load() refuses this
        return FileStore(settings.thread_store_file, ttl)
    # Imported only when used: it costs a quarter of the time to start.
    from threader.store.redis import RedisStore

    if settings.redis_url is None:
        raise StoreError("REDIS_URL is missing")  # load() refuses this
    return RedisStore(
        settings.redis_url.get_secret_value(), settings.redis_key_prefix, ttl, claim_ttl=settings.longest_delivery
    )
