"""The methods of Slack's Web API that the stand-in knows: arguments in, answers out, refusals raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tools.slack.messages import Message
from tools.slack.workspace import RefusedError, Workspace

T = TypeVar("T")
Answer = dict[str, Any]
Method = Callable[[Workspace, dict[str, Any]], Answer]


def _auth_test(workspace: Workspace, args: dict[str, Any]) -> Answer:
    return {"url": "https://standin.slack.invalid/", "team": "stand-in", "user": "threader", "team_id": "T0STANDIN"}


def _post(workspace: Workspace, args: dict[str, Any]) -> Answer:
    channel, message = workspace.post(str(args.get("channel") or ""), args)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json()}


def _delete(workspace: Workspace, args: dict[str, Any]) -> Answer:
    ts = str(args.get("ts") or "")
    return {"channel": workspace.delete(str(args.get("channel") or ""), ts).id, "ts": ts}


def _list(workspace: Workspace, args: dict[str, Any]) -> Answer:
    page, cursor = _page(workspace.channels(), args)
    return {"channels": [c.as_json() for c in page], "response_metadata": {"next_cursor": cursor}}


def _history(workspace: Workspace, args: dict[str, Any]) -> Answer:
    found = workspace.channel(str(args.get("channel") or "")).messages
    page, cursor = _page(_between(found, args)[::-1], args)
    return _messages(page, cursor)


def _replies(workspace: Workspace, args: dict[str, Any]) -> Answer:
    first = workspace.channel(str(args.get("channel") or "")).first(str(args.get("ts") or ""))
    if first is None:
        raise RefusedError("thread_not_found")
    page, cursor = _page(_between([first, *first.replies], args), args)
    return _messages(page, cursor)


def _messages(page: list[Message], cursor: str) -> Answer:
    told: Answer = {"messages": [m.as_json() for m in page], "has_more": bool(cursor)}
    return told | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _between(messages: list[Message], args: dict[str, Any]) -> list[Message]:
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999.999999")
    return [m for m in messages if float(oldest) < float(m.ts) < float(latest)]


def _page(found: list[T], args: dict[str, Any]) -> tuple[list[T], str]:
    try:
        start, limit = int(args.get("cursor") or 0), int(args.get("limit") or 100)
    except ValueError:
        raise RefusedError("invalid_cursor") from None
    if not 1 <= limit <= 1000 or start < 0:
        raise RefusedError("invalid_limit")
    end = start + limit
    return found[start:end], str(end) if end < len(found) else ""


METHODS: dict[str, Method] = {
    "api.test": lambda workspace, args: {},
    "auth.test": _auth_test,
    "chat.delete": _delete,
    "chat.postMessage": _post,
    "conversations.history": _history,
    "conversations.list": _list,
    "conversations.replies": _replies,
}
