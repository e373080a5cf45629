"""Posting to Slack from the machine that deploys; the token is never part of what goes wrong."""

import time
from typing import Final

import requests

TIMEOUT: Final = (3.0, 5.0)
"""Seconds to connect and between two reads."""
PATIENCE: Final = 5.0
"""The longest that Slack may ask us to wait, in seconds."""


class SlackError(Exception):
    """Slack did not take a message; the text says why."""


def post(api: str, token: str, channel: str, text: str, thread: str | None = None, *, aloud: bool = False) -> str:
    """Post a message, into a thread if there is one (`aloud`: in the channel, too); its ts. Raises SlackError."""
    message: dict[str, object] = {"channel": channel, "text": escaped(text), "unfurl_links": False}
    if thread:
        message |= {"thread_ts": thread, "reply_broadcast": aloud}
    answer = _asked(api, token, message)
    if answer.status_code == requests.codes.too_many_requests:
        time.sleep(min(float(_number(answer.headers.get("Retry-After"))), PATIENCE))
        answer = _asked(api, token, message)
    try:
        said = answer.json()
    except ValueError:
        raise SlackError(f"HTTP {answer.status_code}") from None
    if not isinstance(said, dict) or said.get("ok") is not True or not isinstance(said.get("ts"), str):
        raise SlackError(str(said.get("error", "no answer of Slack's")) if isinstance(said, dict) else "no JSON object")
    return str(said["ts"])


def escaped(text: str) -> str:
    """A text in which nothing is a link or a mention to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _asked(api: str, token: str, message: dict[str, object]) -> requests.Response:
    head = {"Authorization": f"Bearer {token}"}
    url = f"{api.rstrip('/')}/chat.postMessage"
    try:
        return requests.post(url, json=message, headers=head, timeout=TIMEOUT, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        raise SlackError(type(error).__name__) from None  # its text may have the URL, which can be a secret


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1
