"""Faults on demand, and the rate limit of the real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Fail = Literal["429", "500", "hang", "lost", "invalid_auth", "channel_not_found", "garbage"]
FAILS = get_args(Fail)


class Control(BaseModel):
    """What `POST /_control` takes."""

    model_config = ConfigDict(extra="forbid")

    fail: Fail | None = None
    """How posts fail from now on; null: not at all. `lost` takes the message but its answer is a 500."""
    times: int | None = Field(default=None, ge=1)
    """How many posts fail; null: until the next call."""
    retry_after: int = Field(default=1, ge=0)
    """Seconds in the Retry-After of a 429."""
    clear: bool = False
    """Forget all messages and counts."""


class Faults:
    """The fault that is switched on now."""

    def __init__(self) -> None:
        self._lock, self._now = threading.Lock(), Control()

    def set(self, control: Control) -> None:
        """Switch."""
        with self._lock:
            self._now = control

    def take(self) -> Control:
        """The fault for this post, counted."""
        with self._lock:
            now = self._now
            if now.fail and now.times is not None:
                self._now = now.model_copy(update={"times": now.times - 1}) if now.times > 1 else Control()
            return now

    def as_json(self) -> dict[str, Any]:
        """What is switched on."""
        return self._now.model_dump()


class RateLimit:
    """Slack's limit for posts: one a second in each channel, with a small burst."""

    def __init__(self, burst: int = 3, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._clock, self._lock = burst, clock, threading.Lock()
        self._spent: dict[str, float] = {}

    def wait(self, channel: str) -> int:
        """Seconds to wait before the next post there; 0: it may go."""
        with self._lock:
            now = self._clock()
            spent = max(self._spent.get(channel, now), now)
            if spent - now > self._burst - 1:
                return max(1, round(spent - now - (self._burst - 1)))
            self._spent[channel] = spent + 1
            return 0
