"""The same metrics with the same labels, so that one dashboard and one set of rules serve them all."""

from __future__ import annotations

import re

import pytest
import requests

from tests.services.python.harness import alert_json

pytestmark = pytest.mark.toolchain

METRICS = {
    "http_request_duration_seconds": ("histogram", {"method", "path"}),
    "http_requests_total": ("counter", {"code", "method", "path"}),
    "threader_alerts_in_flight": ("gauge", set()),
    "threader_errors_total": ("counter", {"kind"}),
    "threader_health_status": ("gauge", set()),
    "threader_info": ("gauge", {"environment", "impl", "instance", "version"}),
    "threader_last_webhook_timestamp_seconds": ("gauge", set()),
    "threader_messages_total": ("counter", {"result"}),
    "threader_slack_rate_limit_waits_total": ("counter", set()),
    "threader_slack_seconds": ("histogram", set()),
    "threader_synthetic_alerts_total": ("counter", {"result"}),
    "threader_truncated_alerts_total": ("counter", set()),
}
PROCESS = {
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
}
BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, float("inf")]


def labels(sample: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample))


@pytest.fixture
def fresh(impl, start):
    with start(impl) as threader:
        yield threader


def test_names_types_and_labels_are_those_of_all(fresh):
    fresh.alert(alert_json())
    text = fresh.get("/metrics").text
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, flags=re.MULTILINE))
    own = {name: kind for name, kind in types.items() if name.startswith(("http_", "threader_"))}
    assert own == {name: kind for name, (kind, _) in METRICS.items()}
    assert types.keys() >= PROCESS
    for name, (kind, wanted) in METRICS.items():
        suffix = "_count" if kind == "histogram" else ""
        samples = re.findall(rf"^{name}{suffix}(\{{.*\}})? ", text, flags=re.MULTILINE)
        assert samples, name
        assert all(set(labels(sample)) == wanted for sample in samples), name


def test_histograms_have_the_same_borders(fresh):
    fresh.alert(alert_json())
    for name in ("threader_slack_seconds_bucket{", 'http_request_duration_seconds_bucket{method="POST"'):
        samples = [labels(s) for s in fresh.metrics() if s.startswith(name.split("{")[0])]
        samples = [s for s in samples if s.get("method", "POST") == "POST"]
        assert sorted(float(s["le"]) for s in samples) == BUCKETS


def test_what_is_rated_begins_at_zero(fresh):
    found = fresh.metrics()
    kinds = {labels(s)["kind"]: v for s, v in found.items() if s.startswith("threader_errors_total")}
    assert kinds == dict.fromkeys(("slack", "store", "bad_request", "overload", "internal"), 0)
    results = {labels(s)["result"]: v for s, v in found.items() if s.startswith("threader_messages_total")}
    assert results == dict.fromkeys(("duplicate", "opened", "opened_resolved", "threaded", "unthreaded"), 0)
    sent = {labels(s)["result"]: v for s, v in found.items() if s.startswith("threader_synthetic_alerts_total")}
    assert sent == dict.fromkeys(("delivered", "failed"), 0)
    assert found["threader_health_status"] == 1
    assert found["threader_truncated_alerts_total"] == 0
    assert found["threader_last_webhook_timestamp_seconds"] == 0


def test_what_happens_is_counted(fresh, fail):
    for status in ("firing", "firing", "resolved"):
        fresh.alert(alert_json(status), truncatedAlerts=2)
    fail("429", times=1, retry_after=1)
    fresh.alert(alert_json(fingerprint="late"))
    fail("500", times=1)
    fresh.alert(alert_json(fingerprint="failed"))
    requests.post(f"{fresh.url}/alert", data=b"{", timeout=5)
    found = fresh.metrics()
    results = {labels(s)["result"]: v for s, v in found.items() if s.startswith("threader_messages_total") and v}
    assert results == {"opened": 2, "duplicate": 1, "threaded": 1}
    kinds = {labels(s)["kind"]: v for s, v in found.items() if s.startswith("threader_errors_total") and v}
    assert kinds == {"slack": 1, "bad_request": 1}
    codes = {labels(s)["code"]: v for s, v in found.items() if s.startswith("http_requests_total") and "/alert" in s}
    assert codes == {"200": 4, "502": 1, "400": 1}
    assert found["threader_slack_rate_limit_waits_total"] == 1
    assert found["threader_slack_seconds_count"] == 5
    assert found["threader_truncated_alerts_total"] == 6
    assert found["threader_last_webhook_timestamp_seconds"] > 1.7e9


def test_strangers_cannot_make_series_without_end(fresh):
    for n in range(3):
        fresh.get(f"/nothing/{n}")
        requests.request("PROPFIND", f"{fresh.url}/health", timeout=5)
    found = {tuple(sorted(labels(s).items())): v for s, v in fresh.metrics().items() if s.startswith("http_requests_t")}
    assert found[("code", "404"), ("method", "GET"), ("path", "other")] == 3
    assert found[("code", "405"), ("method", "other"), ("path", "/health")] == 3
