"""Stopping: first it says so, then it finishes what is in flight, and it never takes longer than it was told."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.services.python.harness import alert_json, wait_until

pytestmark = pytest.mark.toolchain


def test_a_stop_says_draining_serves_on_for_a_while_and_ends_with_0(impl, start):
    with start(impl, DRAIN_SECONDS="1") as threader:
        begun = time.monotonic()
        threader.process.send_signal(signal.SIGTERM)
        wait_until(lambda: threader.get("/ready").status_code == 503, 5)
        assert threader.get("/ready").json()["status"] == "draining"
        assert threader.get("/health").status_code == 200
        assert threader.alert(alert_json()).json()["done"] == {"opened": 1}
        assert threader.process.wait(10) == 0
        assert 0.9 < time.monotonic() - begun < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_flight_is_finished_and_nothing_new_is_taken(impl, start, slack, fail, number):
    fail("429", times=1, retry_after=1)
    with start(impl, SLACK_MAX_WAIT="5") as threader, ThreadPoolExecutor() as pool:
        sent = pool.submit(threader.alert, alert_json())
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        threader.process.send_signal(number)
        time.sleep(0.5)
        with pytest.raises(requests.ConnectionError):
            threader.get("/health")
        assert sent.result().json()["done"] == {"opened": 1}
        assert threader.process.wait(10) == 0


def test_a_connection_that_is_only_kept_open_does_not_hold_it_up(impl, start):
    with start(impl) as threader, requests.Session() as session:
        session.get(f"{threader.url}/health", timeout=5)
        begun = time.monotonic()
        assert threader.end() == 0
        assert time.monotonic() - begun < 3


def test_what_is_in_flight_gets_no_longer_than_it_was_told(impl, start, slack, fail):
    fail("hang")
    with start(impl, SLACK_TIMEOUT="20", SHUTDOWN_TIMEOUT="1") as threader, ThreadPoolExecutor() as pool:
        sent = pool.submit(threader.alert, alert_json())
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        begun = time.monotonic()
        assert threader.end() == 0
        assert time.monotonic() - begun < 4
        assert sent.exception() or sent.result().status_code >= 500


def test_a_second_signal_stops_it_now(impl, start, slack, fail):
    fail("hang")
    with start(impl, SLACK_TIMEOUT="20", DRAIN_SECONDS="20") as threader, ThreadPoolExecutor() as pool:
        sent = pool.submit(threader.alert, alert_json())
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        begun = time.monotonic()
        threader.process.send_signal(signal.SIGTERM)
        wait_until(lambda: threader.get("/ready").status_code == 503, 5)
        assert threader.end() == 0
        assert time.monotonic() - begun < 4
        assert sent.exception() or sent.result().status_code >= 500
