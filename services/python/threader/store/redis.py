"""Threads in Redis: shared by all instances, so an incident that fires at one and resolves at another is one thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError
from redis.retry import Retry

from threader.incidents import Thread
from threader.log import event
from threader.store import IncidentHeldError, StoreError
from threader.store.records import pack, unpack

CLAIM_WAIT = 15.0
CALL_TIMEOUT = 3.0


class RedisStore:
    """One key for each incident, with Redis' own expiry; one short-lived key for each claim."""

    local = False

    def __init__(self, url: str, prefix: str, ttl: float, claim_ttl: float = 60.0) -> None:
        """Seconds: `ttl` of a thread's record; `claim_ttl` of a claim, longer than a living holder can need.

        A holder that was killed blocks its incident that long; Alertmanager retries meanwhile.
        """
        try:
            self._redis = redis.Redis.from_url(
                url,
                socket_timeout=CALL_TIMEOUT,
                socket_connect_timeout=CALL_TIMEOUT,
                health_check_interval=15,
                retry=Retry(NoBackoff(), 1),  # one, for a connection that went stale; Alertmanager does the rest
            )
        except ValueError:
            raise StoreError("REDIS_URL: is not understood") from None
        self._prefix, self._ttl_ms, self._claim_ttl = prefix, int(ttl * 1000), claim_ttl

    @contextmanager
    def claim(self, incident: str) -> Iterator[None]:
        """SET NX PX; who comes second waits for the first to have stored its thread."""
        lock = self._redis.lock(
            f"{self._prefix}claim:{incident}", timeout=self._claim_ttl, blocking_timeout=CLAIM_WAIT, sleep=0.05
        )
        with _said_plainly():
            if not lock.acquire():
                raise IncidentHeldError(f"another instance has held this incident for {CLAIM_WAIT:.0f} s")
        try:
            yield
        finally:
            with suppress(LockError, RedisError):  # it runs out by itself
                lock.release()

    def get(self, incident: str) -> Thread | None:
        """What is known of an incident."""
        key = f"{self._prefix}incident:{incident}"
        with _said_plainly():
            found = self._redis.get(key)
        try:
            return None if found is None else unpack(json.loads(found))
        except ValueError:
            event(logging.ERROR, "a key in Redis holds no thread; the incident gets a new one", key=key)
            return None

    def put(self, incident: str, thread: Thread) -> None:
        """Keep it; as durable as that Redis is set up to be."""
        with _said_plainly():
            self._redis.set(f"{self._prefix}incident:{incident}", json.dumps(pack(thread)), px=self._ttl_ms)

    def check(self) -> None:
        """A real write, since a read-only replica or a full one answers PING."""
        with _said_plainly():
            self._redis.set(f"{self._prefix}probe", "1", px=60_000)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Any failure of Redis as StoreError; the address stays out of it, since it can hold a password."""
    try:
        yield
    except RedisError as error:
        raise StoreError(f"Redis: {type(error).__name__}") from None
    except OSError as error:
        raise StoreError(f"Redis: {error.strerror or type(error).__name__}") from None
