"""Counts and times every request, and answers 500 in plain JSON when something of ours breaks."""

from __future__ import annotations

import logging
import time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from threader.log import event
from threader.metrics import Metrics

PATHS = frozenset({"/alert", "/health", "/ready", "/metrics"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Observe:
    """ASGI middleware. Unknown paths and methods share one label, so no stranger can make series without end."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        path = scope["path"] if scope["path"] in PATHS else "other"
        code, started = 0, time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            self._note_failure(_synthetic(scope), method=method, path=path)
            if code:
                raise
            await JSONResponse({"error": "internal error, see the log"}, 500)(scope, receive, watch)
        finally:
            synthetic = _synthetic(scope)
            if not synthetic:
                self._metrics.requests.labels(method, path, str(code)).inc()
                self._metrics.duration.labels(method, path).observe(time.perf_counter() - started)
            event(logging.DEBUG, "request", method=method, path=path, code=code, **synthetic)

    def _note_failure(self, synthetic: dict[str, bool], **fields: object) -> None:
        level = logging.WARNING if synthetic else logging.ERROR
        fields = {**fields, **synthetic}
        logging.getLogger("threader").log(level, "request failed", exc_info=True, extra={"fields": fields})
        if not synthetic:
            self._metrics.errors.labels("internal").inc()


def _synthetic(scope: Scope) -> dict[str, bool]:
    """A field for the log when the request turned out to be synthetic; no metric counts such a one."""
    return {"synthetic": True} if scope.get("state", {}).get("synthetic") else {}
