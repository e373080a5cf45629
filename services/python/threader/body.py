"""Reading a webhook from a request, with a limit on its size and on the time it may take."""

from __future__ import annotations

from typing import Any

import anyio
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request

from threader.alerts import Webhook

READ_TIMEOUT = 15.0  # seconds for the whole body
SHOWN_PROBLEMS = 20


class BadRequest(Exception):  # noqa: N818 - named as HTTP names it
    """What the sender did wrong."""

    def __init__(self, code: int, error: str, problems: list[dict[str, Any]] | None = None, **more: str) -> None:
        super().__init__(error)
        self.code = code
        self.content: dict[str, Any] = {"error": error} | more | ({"problems": problems} if problems else {})


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request. Raises BadRequest."""
    try:
        with anyio.fail_after(READ_TIMEOUT):
            return await _read(request, limit)
    except TimeoutError:
        raise BadRequest(408, f"the body did not come within {READ_TIMEOUT:.0f} s") from None
    except ClientDisconnect:
        raise BadRequest(400, "the connection was closed before the body was complete") from None


def parse(body: bytes) -> Webhook:
    """The webhook of a body. Raises BadRequest: 400 when it is not JSON, 422 when it is not Alertmanager's."""
    try:
        return Webhook.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        raise BadRequest(400, f"the body is not JSON: {found[0]['msg']}")
    problems = [{"at": ".".join(map(str, e["loc"])) or "(body)", "problem": e["msg"]} for e in found[:SHOWN_PROBLEMS]]
    raise BadRequest(422, "the body is not a webhook of Alertmanager, version 4", problems)


async def _read(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BadRequest(413, f"the body is larger than {limit} bytes (MAX_BODY_BYTES)")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BadRequest(413, f"the body is larger than {limit} bytes (MAX_BODY_BYTES)")
    return bytes(body)
