"""The same events in the same words with the same fields, one JSON object a line, and never a secret in one."""

from __future__ import annotations

import re

import pytest
import requests

from tests.services.python.harness import TOKEN, alert_json

pytestmark = pytest.mark.toolchain

STEP = ["alertname", "incident", "status"]
FAILED = ["alertname", "incident", "kind", "reason"]
EVENTS = [
    ("info", "starting", ["impl", "thread_store", "version"]),
    ("info", "listening", ["addresses"]),
    ("info", "opened", STEP),
    ("info", "threaded", STEP),
    ("warning", "Alertmanager left alerts out: raise its max_alerts", ["left_out"]),
    ("info", "opened_resolved", STEP),
    ("warning", "request refused", ["code", "reason"]),
    ("error", "alert not delivered, Alertmanager is asked to retry", FAILED),
    ("warning", "the thread is gone from Slack, a new one is opened", ["incident"]),
    ("info", "unthreaded", STEP),
    ("info", "stopping", ["drain_seconds", "signal"]),
    ("info", "stopped", []),
]


def test_what_happens_is_told_in_the_same_words(impl, start, slack, fail):
    with start(impl) as threader:
        for status in ("firing", "firing", "resolved"):
            threader.alert(alert_json(status))
        threader.alert(alert_json("resolved", fingerprint="unheard"), truncatedAlerts=3)
        requests.post(f"{threader.url}/alert", data=b"{", timeout=5)
        fail("500", times=1)
        threader.alert(alert_json(fingerprint="failed"))
        slack.standin.workspace.clear()
        threader.alert(alert_json())
        threader.get("/nothing")
        assert threader.end() == 0
    lines = threader.lines()
    common = {"ts", "level", "msg", "instance"}
    assert [(line["level"], line["msg"], sorted(line.keys() - common)) for line in lines] == EVENTS
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["ts"]) for line in lines)
    assert all(line["instance"] == "one" for line in lines)
    assert threader.err.read_text() == ""
    by_msg = {line["msg"]: line for line in lines}
    assert (by_msg["starting"]["impl"], by_msg["starting"]["thread_store"]) == (impl.name, "memory")
    assert by_msg["listening"]["addresses"] == [["127.0.0.1", int(threader.url.rsplit(":", 1)[1])]]
    assert by_msg["stopping"]["signal"] == 15
    assert by_msg["request refused"]["code"] == 400
    assert by_msg["opened"]["incident"] == "f1:20261123T220000.123456Z"
    assert by_msg["alert not delivered, Alertmanager is asked to retry"]["reason"] == "http_500"


def test_less_is_said_at_higher_levels_and_each_request_at_debug(impl, start):
    with start(impl, LOG_LEVEL="error") as threader:
        requests.post(f"{threader.url}/alert", data=b"{", timeout=5)
        threader.end()
    assert threader.lines() == []
    with start(impl, LOG_LEVEL="debug") as threader:
        requests.post(f"{threader.url}/alert", data=b"{", timeout=5)
        threader.get("/nothing")
        threader.end()
    seen = [line for line in threader.lines() if line["msg"] == "request"]
    told = [(line["level"], line["method"], line["path"], line["code"]) for line in seen]
    assert ("debug", "POST", "/alert", 400) in told
    assert ("debug", "GET", "other", 404) in told


def test_no_token_is_ever_in_a_log(impl, start, fail):
    unreachable = "redis://:hunter2-of-redis@127.0.0.1:1"
    hook = "http://127.0.0.1:1/services/T1/B1/hush-hush"
    chosen = {"LOG_LEVEL": "debug", "REDIS_URL": unreachable, "SLACK_WEBHOOK_URL": hook}
    with start(impl, THREAD_STORE="redis", **chosen) as threader:
        threader.alert(alert_json())
        threader.get("/ready")
        threader.end()
    said = threader.said()
    with start(impl, **chosen) as threader:
        for fault in ("invalid_auth", "garbage", "500", None):
            fail(fault)
            threader.alert(alert_json(alertname=f"with {TOKEN} in it"), alert_json(fingerprint="g", job=TOKEN))
        threader.end()
    said += threader.said()
    with start(impl, **chosen | {"SLACK_BOT_TOKEN": "", "REDIS_URL": ""}) as threader:
        assert "unreachable (" in threader.alert(alert_json()).text
        threader.end()
    said += threader.said()
    assert "with [REDACTED] in it" in said
    assert not [secret for secret in (TOKEN, "hunter2-of-redis", "hush-hush") if secret in said]
