"""Posting to Slack: the Web API with a bot token, or an incoming webhook without threads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from threader.http import Answer, Client, UnreachableError
from threader.message import Message
from threader.settings import Settings

# These are about the message or its channel: the next alert may still go through. Everything else stops the delivery.
ABOUT_ONE_MESSAGE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "msg_too_long",
        "no_text",
        "thread_not_found",
        "invalid_thread_ts",
        "message_not_found",
        "cannot_reply_to_message",
        "invalid_attachments",
        "metadata_too_large",
    }
)
THREAD_GONE = frozenset({"thread_not_found", "invalid_thread_ts", "message_not_found", "cannot_reply_to_message"})
DEFAULT_RETRY_AFTER = 1.0  # seconds, when Slack says 429 and no number; its limit is about one message a second


class SlackError(Exception):
    """Slack did not take a message."""

    def __init__(self, code: str, *, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after

    @property
    def about_one_message(self) -> bool:
        """True when other messages may still go through."""
        return self.code in ABOUT_ONE_MESSAGE


@dataclass(frozen=True)
class Posted:
    """Where a message ended up; `ts` is None when Slack does not tell."""

    channel: str
    ts: str | None


class Slack(Protocol):
    """Something that takes messages."""

    def post(self, message: Message, thread_ts: str | None) -> Posted:
        """Post, as a reply when `thread_ts` is given. Raises SlackError."""


class WebApi:
    """chat.postMessage."""

    def __init__(self, base: str, client: Client) -> None:
        self._url, self._client = base.rstrip("/") + "/chat.postMessage", client

    def post(self, message: Message, thread_ts: str | None) -> Posted:
        """Post, as a reply when `thread_ts` is given. Raises SlackError."""
        payload: dict[str, Any] = {
            "channel": message.channel,
            "text": message.text,
            "attachments": message.attachments,
            "metadata": message.metadata,
            "unfurl_links": False,
        }
        answer = _call(self._client, self._url, payload | ({"thread_ts": thread_ts} if thread_ts else {}))
        said = _json(answer)
        if not said.get("ok"):
            code = str(said.get("error", "answer_not_understood"))
            raise SlackError(code, retry_after=DEFAULT_RETRY_AFTER if "ratelimited" in code else None)
        if not isinstance(said.get("ts"), str):
            raise SlackError("answer_without_ts")
        return Posted(str(said.get("channel") or message.channel), said["ts"])


class IncomingWebhook:
    """A webhook address: its channel is fixed at Slack, and it never tells a message's id."""

    def __init__(self, url: str, client: Client) -> None:
        self._url, self._client = url, client

    def post(self, message: Message, thread_ts: str | None) -> Posted:
        """Post without a thread. Raises SlackError."""
        answer = _call(self._client, self._url, {"text": message.text, "attachments": message.attachments})
        if answer.status != 200 or answer.body.strip() != b"ok":
            raise SlackError(f"http_{answer.status}")
        return Posted(message.channel, None)


def connect(settings: Settings) -> Slack:
    """The client that the settings ask for; a token wins over a webhook."""
    if settings.slack_bot_token:
        client = Client(settings.slack_bot_token.get_secret_value(), settings.slack_timeout)
        return WebApi(str(settings.slack_api_url), client)
    if not settings.slack_webhook_url:
        raise ValueError("settings without token and webhook")  # load() refuses them
    return IncomingWebhook(settings.slack_webhook_url.get_secret_value(), Client(None, settings.slack_timeout))


def _call(client: Client, url: str, payload: dict[str, Any]) -> Answer:
    try:
        answer = client.post_json(url, payload)
    except UnreachableError as error:
        raise SlackError(f"unreachable ({error})") from None
    if answer.status == 429:
        raise SlackError("ratelimited", retry_after=_seconds(answer.headers.get("Retry-After")))
    if answer.status >= 500:
        raise SlackError(f"http_{answer.status}", retry_after=_seconds(answer.headers.get("Retry-After"), None))
    return answer


def _seconds(value: str | None, default: float | None = DEFAULT_RETRY_AFTER) -> float | None:
    try:
        return min(max(float(value or ""), 0.0), 3600.0)
    except ValueError:
        return default


def _json(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise SlackError(f"http_{answer.status}, answer is not JSON")
    return said
