"""What the threader counts, in its own registry so that several can live in one test process."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from threader.incidents import Step
from threader.version import IMPL, VERSION


class Metrics:
    """Every metric of the threader."""

    def __init__(self, instance: str, environment: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests_total", "Requests answered.", ["method", "path", "code"], registry=registry
        )
        self.duration = Histogram(
            "http_request_duration_seconds", "Seconds to answer a request.", ["method", "path"], registry=registry
        )
        self.health = Gauge("threader_health_status", "1 when /health would say ok, else 0.", registry=registry)
        self.errors = Counter("threader_errors_total", "Failures by kind.", ["kind"], registry=registry)
        self.messages = Counter(
            "threader_messages_total", "Alerts dealt with, by what was done.", ["result"], registry=registry
        )
        self.synthetic = Counter(
            "threader_synthetic_alerts_total",
            "Signed synthetic alerts, which no other metric counts: delivered with an id from Slack, or failed.",
            ["result"],
            registry=registry,
        )
        self.slack_seconds = Histogram("threader_slack_seconds", "Seconds of one call to Slack.", registry=registry)
        self.slack_waits = Counter(
            "threader_slack_rate_limit_waits_total", "Waits because Slack said too fast.", registry=registry
        )
        self.truncated = Counter(
            "threader_truncated_alerts_total",
            "Alerts that Alertmanager left out of webhooks (its max_alerts).",
            registry=registry,
        )
        self.last_webhook = Gauge(
            "threader_last_webhook_timestamp_seconds", "When the last valid webhook came; 0: none.", registry=registry
        )
        self.in_flight = Gauge("threader_alerts_in_flight", "Webhooks being delivered now.", registry=registry)
        info = Gauge("threader_info", "Who this is.", ["impl", "version", "instance", "environment"], registry=registry)
        info.labels(IMPL, VERSION, instance, environment).set(1)
        ProcessCollector(registry=registry)
        # A rate over a series that does not exist yet hides its first events, so all begin at 0.
        for kind in ("slack", "store", "bad_request", "overload", "internal"):
            self.errors.labels(kind)
        for step in Step:
            self.messages.labels(step.value)
        for result in ("delivered", "failed"):
            self.synthetic.labels(result)

    def text(self) -> bytes:
        """The exposition for Prometheus."""
        return generate_latest(self.registry)
