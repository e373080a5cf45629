"""The HTTP side: four routes."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from threader.body import BadRequest, read_webhook
from threader.deliver import Deliverer, Report
from threader.health import Health
from threader.log import event
from threader.metrics import Metrics
from threader.observe import Observe
from threader.settings import Settings
from threader.version import IMPL, VERSION

MAX_DELIVERIES = 32  # webhooks delivered at a time, each in a thread of its own
MAX_WAITING = 64  # more than that in the house: come again later


@dataclass
class Service:
    """The parts that the routes use."""

    settings: Settings
    deliverer: Deliverer
    health: Health
    metrics: Metrics
    in_flight: int = field(default=0)


def create_app(service: Service) -> FastAPI:
    """The application; it has no documentation pages, as nobody should find them on a host."""
    app = FastAPI(title="alert-threader", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Observe, metrics=service.metrics)
    identity = {"impl": IMPL, "version": VERSION, "instance": service.settings.instance}
    # Each kind of work has its own threads: a slow Slack must not keep /health from answering.
    deliveries, probes = CapacityLimiter(MAX_DELIVERIES), CapacityLimiter(4)

    @app.exception_handler(BadRequest)
    async def bad_request(request: Request, error: BadRequest) -> JSONResponse:
        service.metrics.errors.labels("bad_request").inc()
        event(logging.WARNING, "request refused", code=error.code, reason=str(error))
        return JSONResponse(error.content, error.code)

    @app.post("/alert")
    async def alert(request: Request) -> JSONResponse:
        if service.in_flight >= MAX_WAITING:
            service.metrics.errors.labels("overload").inc()
            return JSONResponse({"error": "too many webhooks at once"}, 503, {"Retry-After": "1"})
        service.in_flight += 1
        try:
            with service.metrics.in_flight.track_inprogress():
                webhook = await read_webhook(request, service.settings.max_body_bytes)
                service.metrics.last_webhook.set_to_current_time()
                _note_truncation(service, webhook.truncated_alerts)
                # Only the end of SHUTDOWN_TIMEOUT cancels this, and a call that hangs must not outlast it.
                report = await to_thread.run_sync(
                    service.deliverer.deliver, webhook.alerts, limiter=deliveries, abandon_on_cancel=True
                )
        finally:
            service.in_flight -= 1
        return _answer(report)

    @app.get("/health")
    async def health() -> JSONResponse:
        problem = await to_thread.run_sync(service.health.sick, limiter=probes)
        return _state("ok", "broken", problem, identity)

    @app.get("/ready")
    async def ready() -> JSONResponse:
        if service.health.draining:
            return _state("ready", "draining", "draining", identity)
        problem = await to_thread.run_sync(service.health.unready, limiter=probes)
        return _state("ready", "unready", problem, identity)

    @app.get("/metrics")
    async def metrics() -> Response:
        await to_thread.run_sync(service.health.sick, limiter=probes)
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


def _state(good: str, bad: str, problem: str | None, identity: dict[str, str]) -> JSONResponse:
    if problem is None:
        return JSONResponse({"status": good, **identity})
    return JSONResponse({"status": bad, "reason": problem, **identity}, 503)


def _answer(report: Report) -> JSONResponse:
    """2xx only when every alert is dealt with, so that Alertmanager retries the others; it retries at any 5xx."""
    content = {"done": report.done, "failed": report.failed, "not_tried": report.not_tried}
    if report.complete:
        return JSONResponse(content)
    if report.store_failed or report.retry_after is not None:
        return JSONResponse(content, 503, {"Retry-After": str(math.ceil(report.retry_after or 1))})
    return JSONResponse(content, 502)


def _note_truncation(service: Service, left_out: int) -> None:
    if left_out:
        service.metrics.truncated.inc(left_out)
        event(logging.WARNING, "Alertmanager left alerts out: raise its max_alerts", left_out=left_out)
