"""The four endpoints and what else HTTP asks of a service."""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest
import requests

from tests.services.conformance.implementations import SERVICES
from tests.services.python.harness import alert_json, wait_until, webhook_json


def raw(url: str, sent: bytes, seconds: float = 5) -> bytes:
    """What comes back on a plain socket until the other side closes or is silent."""
    parts = urlsplit(url)
    answer = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as connection:
        connection.sendall(sent)
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except TimeoutError:
            pass
    return answer


def version_of(impl) -> str:
    (found,) = [path for path in (SERVICES / impl.name).rglob("VERSION") if "node_modules" not in path.parts]
    return found.read_text().strip()


def test_health_and_ready_say_who_and_how_it_is(impl, resident):
    identity = {"impl": impl.name, "version": version_of(impl), "instance": "one"}
    for path, status in (("/health", "ok"), ("/ready", "ready")):
        answer = resident.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": status, **identity})
        assert answer.headers["Content-Type"].startswith("application/json")


def test_metrics_are_in_prometheus_text_format(resident):
    answer = resident.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4; charset=utf-8")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/alert", 405),
        ("PUT", "/alert", 405),
        ("POST", "/health", 405),
        ("DELETE", "/ready", 405),
        ("POST", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("POST", "/alerts", 404),
        ("GET", "/docs", 404),
        ("GET", "/debug/pprof/", 404),
    ],
)
def test_other_methods_and_paths_are_refused(resident, method, path, code):
    answer = requests.request(method, f"{resident.url}{path}", timeout=5, allow_redirects=False)
    assert answer.status_code == code
    if code == 405:
        assert answer.headers["Allow"]


def test_a_query_behind_a_path_changes_nothing(resident):
    assert resident.get("/health?x=1").status_code == 200


def test_a_webhook_may_come_in_pieces_and_without_a_length(resident, slack):
    body = json.dumps(webhook_json(alert_json(fingerprint="in-pieces"))).encode()
    pieces = (body[n : n + 100] for n in range(0, len(body), 100))
    assert requests.post(f"{resident.url}/alert", data=pieces, timeout=10).json()["done"] == {"opened": 1}


def test_a_body_over_the_limit_is_413_declared_or_not(impl, start):
    with start(impl, MAX_BODY_BYTES="2048") as threader:
        url = f"{threader.url}/alert"
        assert requests.post(url, data=b" " * 2049, timeout=10).status_code == 413
        assert requests.post(url, data=iter([b" " * 1024] * 3), timeout=10).status_code == 413
        assert requests.post(url, data=b" " * 2048, timeout=10).status_code == 400
        large = requests.post(url, data=b" " * (3 << 20), timeout=10)
        assert large.status_code == 413
        assert "MAX_BODY_BYTES" in large.json()["error"]


def test_a_sender_that_waits_for_100_continue_gets_it(resident):
    body = json.dumps(webhook_json()).encode()
    head = f"POST /alert HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    parts = urlsplit(resident.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert b" 200 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_connection_is_kept_alive_and_carries_many_requests(resident):
    parts = urlsplit(resident.url)
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)) as connection:
        connection.connect()
        first = connection.sock
        for _ in range(3):
            connection.request("GET", "/health")
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{")
            assert connection.sock is first


def test_what_is_not_http_is_refused_and_harms_nobody(resident):
    assert b" 400 " in raw(resident.url, b"HELLO\r\n\r\n", 2)
    assert resident.get("/health").status_code == 200


def test_senders_that_dawdle_or_go_away_cost_nobody_else_until_they_are_too_many(resident):
    parts = urlsplit(resident.url)
    before = resident.metrics()['threader_errors_total{kind="overload"}']
    with ExitStack() as stack:
        for count in range(1, 65):
            connection = stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=5))
            connection.sendall(b"POST /alert HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            if count == 63:
                wait_until(lambda: resident.metrics()["threader_alerts_in_flight"] == 63, 5)
                assert resident.alert().status_code == 200
        wait_until(lambda: resident.metrics()["threader_alerts_in_flight"] == 64, 5)
        answer = resident.alert()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json() == {"error": "too many webhooks at once"}
        assert resident.get("/health").status_code == 200
    wait_until(lambda: resident.metrics()["threader_alerts_in_flight"] == 0, 5)
    assert resident.metrics()['threader_errors_total{kind="overload"}'] == before + 1
    assert resident.alert().status_code == 200


@pytest.mark.toolchain  # 15 s
def test_a_body_that_does_not_come_is_408(resident):
    parts = urlsplit(resident.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        begun = time.monotonic()
        connection.sendall(b"POST /alert HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert b" 408 " in connection.recv(1000).split(b"\r\n")[0]
        assert 14 < time.monotonic() - begun < 18
