"""What the stand-in keeps: channels, messages and their threads. No HTTP here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Message:
    """One message; `thread_ts` is the first message's ts when it is a reply."""

    ts: str
    text: str
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    thread_ts: str | None = None
    replies: list[Message] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The message as Slack's API tells it."""
        told: dict[str, Any] = {
            "type": "message",
            "subtype": "bot_message",
            "text": self.text,
            "ts": self.ts,
            "bot_id": "B0STANDIN",
        }
        if self.attachments:
            told["attachments"] = self.attachments
        if self.metadata:
            told["metadata"] = self.metadata
        if self.thread_ts or self.replies:
            told["thread_ts"] = self.thread_ts or self.ts
        if self.replies:
            told |= {"reply_count": len(self.replies), "latest_reply": self.replies[-1].ts}
        return told


@dataclass
class Channel:
    """One channel with its first messages, oldest first."""

    id: str
    name: str
    messages: list[Message] = field(default_factory=list)

    def first(self, ts: str) -> Message | None:
        """The first message of a thread."""
        return next((m for m in self.messages if m.ts == ts), None)

    def as_json(self) -> dict[str, Any]:
        """The channel as conversations.list tells it."""
        return {"id": self.id, "name": self.name, "is_channel": True, "is_archived": False, "is_member": True}
