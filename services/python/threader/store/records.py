"""A thread as a record that is kept: plain JSON with the time of its last change."""

from __future__ import annotations

import time
from typing import Any

from threader.incidents import Thread


def pack(thread: Thread) -> dict[str, Any]:
    """The record of a thread, changed now."""
    return {"status": thread.status, "channel": thread.channel, "ts": thread.ts, "at": round(time.time(), 3)}


def unpack(record: Any) -> Thread:
    """The thread of a record. Raises ValueError when it is not one."""
    if not isinstance(record, dict) or record.get("status") not in ("firing", "resolved"):
        raise ValueError("not a thread's record")
    ts = record.get("ts")
    if not isinstance(record.get("channel"), str) or not (ts is None or isinstance(ts, str)):
        raise ValueError("not a thread's record")
    return Thread(record["status"], record["channel"], ts)


def expired(record: Any, ttl: float) -> bool:
    """True when the record's last change is longer ago than `ttl` seconds."""
    at = record.get("at") if isinstance(record, dict) else None
    return not isinstance(at, (int, float)) or at + ttl < time.time()
