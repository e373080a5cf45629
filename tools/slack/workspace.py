"""The workspace: finds channels, takes messages, refuses what Slack refuses."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tools.slack.messages import Channel, Message

MAX_TEXT = 40_000  # Slack's own limit for a message
MAX_KEPT = 5_000  # first messages for each channel


class RefusedError(Exception):
    """What Slack answers as `"ok": false`; the text is its error code."""


class Workspace:
    """Safe to use from several threads. With `known` channels given, any other is `channel_not_found`."""

    def __init__(self, known: tuple[str, ...] = (), clock: Callable[[], float] = time.time) -> None:
        self._lock, self._clock, self._last = threading.RLock(), clock, 0
        self._strict = bool(known)
        self._channels: dict[str, Channel] = {}
        for name in known:
            self._add(name.lstrip("#"))

    def channels(self) -> list[Channel]:
        """All channels by name."""
        with self._lock:
            return sorted(self._channels.values(), key=lambda c: c.name)

    def channel(self, wanted: str, *, create: bool = False) -> Channel:
        """By id or name. Raises RefusedError("channel_not_found")."""
        with self._lock:
            for channel in self._channels.values():
                if wanted in (channel.id, channel.name, f"#{channel.name}"):
                    return channel
            if not create or self._strict or not wanted.strip("#"):
                raise RefusedError("channel_not_found")
            return self._add(wanted.lstrip("#"))

    def post(self, wanted: str, payload: dict[str, Any]) -> tuple[Channel, Message]:
        """Take a message (fields as of chat.postMessage). Raises RefusedError."""
        text, attachments, metadata = _checked(payload)
        with self._lock:
            channel = self.channel(wanted, create=True)
            thread_ts = payload.get("thread_ts") or None
            parent = channel.first(str(thread_ts)) if thread_ts else None
            if thread_ts and parent is None:
                raise RefusedError("thread_not_found")
            message = Message(self._next_ts(), text, attachments, metadata, parent.ts if parent else None)
            (parent.replies if parent else channel.messages).append(message)
            del channel.messages[:-MAX_KEPT]
            return channel, message

    def delete(self, wanted: str, ts: str) -> Channel:
        """Remove a first message with its thread. Raises RefusedError."""
        with self._lock:
            channel = self.channel(wanted)
            found = channel.first(ts)
            if found is None:
                raise RefusedError("message_not_found")
            channel.messages.remove(found)
            return channel

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._last = 0
            for channel in self._channels.values():
                channel.messages.clear()

    def _add(self, name: str) -> Channel:
        channel = Channel(f"C{len(self._channels) + 1:08d}", name)
        self._channels[channel.id] = channel
        return channel

    def _next_ts(self) -> str:
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


def _checked(payload: dict[str, Any]) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    text, attachments = payload.get("text") or "", payload.get("attachments") or []
    metadata = payload.get("metadata") or {}
    if not isinstance(text, str) or not isinstance(attachments, list):
        raise RefusedError("invalid_arguments")
    if not all(isinstance(a, dict) for a in attachments):
        raise RefusedError("invalid_attachments")
    if not isinstance(metadata, dict) or (metadata and not {"event_type", "event_payload"} <= metadata.keys()):
        raise RefusedError("invalid_metadata_format")
    if not text.strip() and not attachments and not payload.get("blocks"):
        raise RefusedError("no_text")
    if len(text) > MAX_TEXT:
        raise RefusedError("msg_too_long")
    return text, attachments, metadata
