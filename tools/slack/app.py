"""The stand-in's HTTP side: /api/METHOD, /services/T/B/X, /_control, and the page at /."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from pydantic import ValidationError

from tools.slack.arguments import arguments
from tools.slack.faults import FAILS, Control, Faults, RateLimit
from tools.slack.methods import METHODS
from tools.slack.page import page
from tools.slack.workspace import RefusedError, Workspace

HANG = 60.0  # seconds
WEBHOOK_CHANNEL = "alerts-webhook"
MAX_RECORDED = 1000
CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


@dataclass(frozen=True)
class Recorded:
    """A post as it came in, whatever became of it."""

    path: str
    headers: dict[str, str]
    body: bytes


class StandIn:
    """The state behind the routes; with a `clock` that stands still, message ids are the same every time."""

    def __init__(
        self,
        token: str | None = None,
        channels: tuple[str, ...] = (),
        limit: RateLimit | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.workspace, self.faults = Workspace(channels, clock), Faults()
        self.calls: Counter[str] = Counter()
        self.recorded: deque[Recorded] = deque(maxlen=MAX_RECORDED)
        self._token, self._limit = token, limit

    async def record(self, request: Request) -> None:
        """Keep a post for who wants to compare."""
        self.recorded.append(Recorded(request.url.path, dict(request.headers), await request.body()))

    def clear(self) -> None:
        """Forget all messages, counts and posts."""
        self.workspace.clear()
        self.calls.clear()
        self.recorded.clear()

    def check_token(self, token: str) -> None:
        """Raises RefusedError unless it is the token (any xoxb-... when none was set)."""
        if not token:
            raise RefusedError("not_authed")
        if token != self._token if self._token else not token.startswith("xoxb-"):
            raise RefusedError("invalid_auth")

    def too_fast(self, channel: str) -> int:
        """Seconds to wait before a post there."""
        if not self._limit:
            return 0
        try:
            return self._limit.wait(self.workspace.channel(channel, create=True).id)
        except RefusedError:
            return 0  # the call itself will be refused


def create_app(standin: StandIn) -> FastAPI:
    """The application."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    _add_slack(app, standin)
    _add_control(app, standin)

    @app.get("/")
    async def index() -> HTMLResponse:
        return HTMLResponse(page(standin.workspace.channels()), headers={"Content-Security-Policy": CSP})

    return app


def _add_slack(app: FastAPI, standin: StandIn) -> None:
    @app.api_route("/api/{method}", methods=["GET", "POST"])
    async def call(method: str, request: Request) -> Response:
        standin.calls[method] += 1
        if method == "chat.postMessage":
            await standin.record(request)
        try:
            args, token = await arguments(request)
            return await _call(standin, method, args, token, _warnings(request))
        except RefusedError as refused:
            return JSONResponse({"ok": False, "error": str(refused)})

    @app.post("/services/{team}/{bot}/{secret}")
    async def incoming(team: str, bot: str, secret: str, request: Request) -> Response:
        standin.calls["incoming"] += 1
        await standin.record(request)
        try:
            payload, _ = await arguments(request)
            failed, lost = await _fault(standin, WEBHOOK_CHANNEL)
            if failed:
                return failed
            standin.workspace.post(WEBHOOK_CHANNEL, {k: v for k, v in payload.items() if k != "thread_ts"})
        except RefusedError as refused:
            return PlainTextResponse(str(refused), 400)
        return lost or PlainTextResponse("ok")


def _add_control(app: FastAPI, standin: StandIn) -> None:
    @app.get("/_control")
    async def control() -> JSONResponse:
        return JSONResponse({"now": standin.faults.as_json(), "fails": FAILS, "calls": standin.calls})

    @app.post("/_control")
    async def set_control(request: Request) -> JSONResponse:
        try:
            wanted = Control.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": [f"{e['loc']}: {e['msg']}" for e in error.errors()]}, 422)
        standin.faults.set(wanted)
        if wanted.clear:
            standin.clear()
        return JSONResponse({"now": standin.faults.as_json()})


async def _call(standin: StandIn, method: str, args: dict[str, Any], token: str, warnings: list[str]) -> Response:
    known = METHODS.get(method)
    if known is None:
        raise RefusedError("unknown_method")
    if method != "api.test":
        standin.check_token(token)
    failed, lost = await _fault(standin, str(args.get("channel"))) if method == "chat.postMessage" else (None, None)
    if failed:
        return failed
    told = {"ok": True, **known(standin.workspace, args)}
    if warnings:
        told["warning"] = ",".join(warnings)
        told["response_metadata"] = {**told.get("response_metadata", {}), "warnings": warnings}
    return lost or JSONResponse(told)


async def _fault(standin: StandIn, channel: str) -> tuple[Response | None, Response | None]:
    """What to answer instead of taking a message, and what to answer after having taken it."""
    fault, wait = standin.faults.take(), standin.too_fast(channel)
    broken = PlainTextResponse("upstream failure", 500)
    if fault.fail == "429" or wait:
        seconds = str(fault.retry_after if fault.fail == "429" else wait)
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": seconds}), None
    if fault.fail == "hang":
        await anyio.sleep(HANG)
    if fault.fail in ("500", "hang"):
        return broken, None
    if fault.fail == "garbage":
        return HTMLResponse("<html>not what you asked for</html>"), None
    if fault.fail in ("invalid_auth", "channel_not_found"):
        raise RefusedError(fault.fail)
    return None, broken if fault.fail == "lost" else None


def _warnings(request: Request) -> list[str]:
    kind = request.headers.get("content-type", "")
    return ["missing_charset"] if kind.startswith("application/json") and "charset" not in kind else []
