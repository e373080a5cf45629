"""Arguments and token of a call, from wherever Slack's API takes them: JSON, a form, the query, a header."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from tools.slack.workspace import RefusedError


async def arguments(request: Request) -> tuple[dict[str, Any], str]:
    """Arguments of a JSON body, a form or the query, and the token from wherever it came. Raises RefusedError."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    args: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        args |= _object(await request.body())
    elif request.method == "POST":
        form = {key: str(value) for key, value in (await _form(request)).items()}
        if "payload" in form:  # how incoming webhooks take a form
            form = _object(form["payload"].encode())
        for key in ("attachments", "metadata", "blocks"):
            if isinstance(form.get(key), str):
                form[key] = _json(form[key].encode(), f"invalid_{key}")
        args |= form
    return args, token or str(args.pop("token", ""))


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _object(body: bytes) -> dict[str, Any]:
    found = _json(body, "invalid_json")
    if not isinstance(found, dict):
        raise RefusedError("json_not_object")
    return found


def _json(body: bytes, error: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(error) from None
