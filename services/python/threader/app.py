"""The HTTP side: four routes."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from threader import synthetic
from threader.alerts import Alert
from threader.body import BadRequest, parse, read_body
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
    synthetic: Deliverer | None = None
    """Delivers synthetic alerts, if they are wanted."""
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
        if getattr(request.state, "synthetic", False):
            event(logging.WARNING, "request refused", code=error.code, reason=str(error), synthetic=True)
        else:
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
                body = await read_body(request, service.settings.max_body_bytes)
                if synthetic.claimed(request.headers):
                    return await _take_synthetic(service, request, body, deliveries)
                return await _take(service, body, deliveries)
        finally:
            service.in_flight -= 1

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


async def _take(service: Service, body: bytes, deliveries: CapacityLimiter) -> JSONResponse:
    webhook = parse(body)
    service.metrics.last_webhook.set_to_current_time()
    _note_truncation(service, webhook.truncated_alerts)
    return _answer(await _delivered(service.deliverer, webhook.alerts, deliveries))


async def _take_synthetic(service: Service, request: Request, body: bytes, deliveries: CapacityLimiter) -> JSONResponse:
    reason = synthetic.refusal(service.settings, request.headers, body)
    if reason or service.synthetic is None:
        raise BadRequest(403, f"not a synthetic alert: {reason}", reason=str(reason))
    request.state.synthetic = True
    alerts, report = parse(body).alerts, None
    try:
        report = await _delivered(service.synthetic, alerts, deliveries)
    finally:
        synthetic.count(service.metrics, len(alerts), report)
    return _answer(report, delivered=report.delivered)


async def _delivered(deliverer: Deliverer, alerts: tuple[Alert, ...], deliveries: CapacityLimiter) -> Report:
    # Only the end of SHUTDOWN_TIMEOUT cancels this, and a call that hangs must not outlast it.
    return await to_thread.run_sync(deliverer.deliver, alerts, limiter=deliveries, abandon_on_cancel=True)


def _state(good: str, bad: str, problem: str | None, identity: dict[str, str]) -> JSONResponse:
    if problem is None:
        return JSONResponse({"status": good, **identity})
    return JSONResponse({"status": bad, "reason": problem, **identity}, 503)


def _answer(report: Report, **more: object) -> JSONResponse:
    """2xx only when every alert is dealt with, so that Alertmanager retries the others; it retries at any 5xx."""
    content = {"done": report.done, "failed": report.failed, "not_tried": report.not_tried, **more}
    if report.complete:
        return JSONResponse(content)
    if report.store_failed or report.retry_after is not None:
        return JSONResponse(content, 503, {"Retry-After": str(math.ceil(report.retry_after or 1))})
    return JSONResponse(content, 502)


def _note_truncation(service: Service, left_out: int) -> None:
    if left_out:
        service.metrics.truncated.inc(left_out)
        event(logging.WARNING, "Alertmanager left alerts out: raise its max_alerts", left_out=left_out)
