"""The page that shows channels and threads, newest first. It renews itself every second; nothing from outside."""

from __future__ import annotations

import re
import time
from html import escape
from pathlib import Path
from typing import Any

from tools.slack.messages import Channel, Message

_FRAME = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
# As dots, since a machine without a font for emoji would show empty boxes.
_DOTS = {":rotating_light:": "firing", ":white_check_mark:": "resolved"}
_FIRST = ("alerts-critical", "alerts-warning", "alerts-info")
SHOWN = 50  # threads for each channel


def page(channels: list[Channel]) -> str:
    """The whole page."""
    ordered = sorted(channels, key=lambda c: _FIRST.index(c.name) if c.name in _FIRST else len(_FIRST))
    body = "".join(_channel(channel) for channel in ordered) or _NOTHING
    return _FRAME.replace("<!-- summary -->", _summary(channels)).replace("<!-- channels -->", body)


_NOTHING = '<p class="empty">No messages yet. They show up here as soon as a threader posts one.</p>'


def _summary(channels: list[Channel]) -> str:
    threads = [message for channel in channels for message in channel.messages]
    firing = sum(_state(thread) == "firing" for thread in threads)
    resolved = sum(_state(thread) == "resolved" for thread in threads)
    return (
        f'<span class="chip firing">{firing} firing</span><span class="chip resolved">{resolved} resolved</span>'
        f'<span class="chip">{sum(1 + len(t.replies) for t in threads)} messages</span>'
    )


def _channel(channel: Channel) -> str:
    threads = "".join(_thread(message) for message in reversed(channel.messages[-SHOWN:]))
    hidden = len(channel.messages) - SHOWN
    more = f'<p class="empty">and {hidden} older threads</p>' if hidden > 0 else ""
    head = f'<h2><span class="hash">#</span>{escape(channel.name)} <small>{_count(len(channel.messages))}</small></h2>'
    return f"<section>{head}{threads or '<p class=empty>nothing here yet</p>'}{more}</section>"


def _count(threads: int) -> str:
    return f"{threads} thread" + ("" if threads == 1 else "s")


def _thread(first: Message) -> str:
    state = _state(first)
    replies = "".join(f"<li>{_message(reply)}</li>" for reply in first.replies)
    chip = f'<span class="chip {state}">{state}</span>' if state else ""
    return (
        f'<article class="{state}"><header>{chip}<code class="ts">{escape(first.ts)}</code></header>'
        f"{_message(first)}{f'<ol>{replies}</ol>' if replies else ''}</article>"
    )


def _state(first: Message) -> str:
    """What the thread's last message said of the incident; empty when it said nothing of one."""
    said = (first.replies[-1] if first.replies else first).metadata.get("event_payload")
    status = said.get("status") if isinstance(said, dict) else None
    return status if status in ("firing", "resolved") else ""


def _message(message: Message) -> str:
    when = time.strftime("%H:%M:%S", time.localtime(float(message.ts)))
    attachments = "".join(_attachment(a) for a in message.attachments if a.get("text"))
    return f'<div class="message"><time>{when}</time><p>{_mrkdwn(message.text)}</p>{attachments}</div>'


def _attachment(attachment: dict[str, Any]) -> str:
    colour, text = _colour(str(attachment.get("color", ""))), _mrkdwn(str(attachment["text"]))
    return f'<div class="attachment" style="border-color:{colour}">{text}</div>'


def _colour(value: str) -> str:
    return value if re.fullmatch(r"#[0-9a-fA-F]{6}", value) else "#999999"


def _mrkdwn(text: str) -> str:
    """Slack's markup as HTML: what came in as `&lt;` stays text, only `<url|title>` is a link."""
    links: list[str] = []

    def keep(match: re.Match[str]) -> str:
        url, title = _plain(match.group(1)), _plain(match.group(2) or match.group(1))
        links.append(f'<a href="{escape(url)}" rel="noreferrer">{escape(title)}</a>')
        return f"\0{len(links) - 1}\0"

    text = re.sub(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>", keep, text.replace("\0", ""))
    text = escape(_plain(text))
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"<b>\1</b>", text)
    for name, state in _DOTS.items():
        text = text.replace(name, f'<i class="dot {state}"></i>')
    text = re.sub("\0(\\d+)\0", lambda m: links[int(m.group(1))], text)
    return text.replace("\n", "<br>")


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
