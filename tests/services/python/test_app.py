"""The service over HTTP, against the stand-in for Slack over HTTP."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.services.python.harness import alert_json, settings, threader, webhook_json
from threader.store.memory import MemoryStore
from threader.store.redis import RedisStore


@pytest.fixture
def service(slack):
    with threader(settings(SLACK_API_URL=slack.api_url, INSTANCE="py-a"), MemoryStore(3600)) as url:
        yield url


def send(url: str, *alerts: dict, **more: object) -> requests.Response:
    return requests.post(f"{url}/alert", json=webhook_json(*alerts, **more), timeout=30)


def fail(slack, fault: str | None, **more: object) -> None:
    answer = requests.post(f"{slack.url}/_control", json={"fail": fault, **more}, timeout=5)
    assert answer.status_code == 200, answer.text


def api(slack, method: str, **args: str) -> dict:
    answer = requests.get(f"{slack.api_url}/{method}", args, headers={"Authorization": "Bearer xoxb-r"}, timeout=5)
    return answer.json()


def threads(slack, channel: str = "#alerts-critical") -> list[list[str]]:
    """The texts of each thread of a channel, oldest first."""
    told = []
    for first in reversed(api(slack, "conversations.history", channel=channel).get("messages", [])):
        replies = api(slack, "conversations.replies", channel=channel, ts=first["ts"])["messages"]
        told.append([message["text"].split(":")[2].strip() for message in replies])
    return told


def metric(url: str, name: str) -> float:
    lines = requests.get(f"{url}/metrics", timeout=5).text.splitlines()
    return float(next((line for line in lines if line.startswith(name)), f"{name} 0").split()[-1])


def test_one_incident_is_one_thread_in_the_channel_of_its_severity(service, slack):
    assert send(service, alert_json(), alert_json(fingerprint="w", severity="warning")).status_code == 200
    assert send(service, alert_json("resolved"), status="resolved").json()["done"] == {"threaded": 1}
    assert threads(slack) == [["Firing", "Resolved"]]
    assert threads(slack, "#alerts-warning") == [["Firing"]]


def test_who_it_is_and_how_it_is(service):
    identity = {"impl": "python", "version": "1.0.0", "instance": "py-a"}
    assert requests.get(f"{service}/health", timeout=5).json() == {"status": "ok", **identity}
    assert requests.get(f"{service}/ready", timeout=5).json() == {"status": "ready", **identity}


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        ("500", 502, "http_500"),
        ("429", 503, "ratelimited"),
        ("invalid_auth", 502, "invalid_auth"),
        ("garbage", 502, "answer is not JSON"),
    ],
)
def test_slacks_failure_is_told_to_alertmanager_and_its_retry_posts_only_what_is_missing(
    service, slack, fault, code, reason
):
    send(service, alert_json(fingerprint="early"))
    fail(slack, fault)
    alerts = [alert_json(fingerprint=name) for name in ("early", "one", "two")]
    answer = send(service, *alerts)
    assert answer.status_code == code
    assert reason in answer.json()["failed"][0]
    assert (answer.headers.get("Retry-After") is not None) == (code == 503)
    fail(slack, None)
    assert send(service, *alerts).status_code == 200
    assert send(service, *alerts).json()["done"] == {"duplicate": 3}
    assert threads(slack) == [["Firing"]] * 3
    assert metric(service, 'threader_errors_total{kind="slack"}') == 1
    assert metric(service, 'threader_messages_total{result="opened"}') == 3


def test_the_retry_after_of_slack_is_handed_on(service, slack):
    fail(slack, "429", retry_after=17)
    assert send(service, alert_json()).headers["Retry-After"] == "17"


def test_slacks_state_does_not_make_it_unready(service, slack):
    fail(slack, "500")
    send(service, alert_json())
    assert requests.get(f"{service}/ready", timeout=5).status_code == 200
    assert requests.get(f"{service}/health", timeout=5).status_code == 200


def test_a_slack_that_hangs_is_given_up_in_time_and_health_still_answers(slack):
    with threader(settings(SLACK_API_URL=slack.api_url, SLACK_TIMEOUT="0.5"), MemoryStore(3600)) as url:
        fail(slack, "hang")
        with ThreadPoolExecutor() as pool:
            sent = pool.submit(send, url, alert_json())
            time.sleep(0.1)
            assert requests.get(f"{url}/health", timeout=0.3).status_code == 200
            assert sent.result().status_code == 502
        fail(slack, None)
        assert send(url, alert_json()).status_code == 200


def test_a_lost_answer_is_retried_and_may_repeat_that_one_message_once(service, slack):
    fail(slack, "lost", times=1)
    assert send(service, alert_json()).status_code == 502
    assert send(service, alert_json()).status_code == 200
    assert threads(slack) == [["Firing"], ["Firing"]], "the limit that deliver.py owns up to"


def test_a_rate_limit_like_the_real_one_loses_and_repeats_nothing():
    from tools.slack.app import StandIn
    from tools.slack.faults import RateLimit
    from tools.slack.running import running

    with running(StandIn(limit=RateLimit(burst=1))) as slack:
        chosen = settings(SLACK_API_URL=slack.api_url, SLACK_MAX_WAIT="1")
        with threader(chosen, MemoryStore(3600)) as url:
            alerts = [alert_json(fingerprint=f"f{n}") for n in range(3)]
            codes = []
            while not codes or codes[-1] != 200:
                codes.append(send(url, *alerts).status_code)
                assert len(codes) < 10
            assert 503 in codes
            assert threads(slack) == [["Firing"]] * 3


def test_bad_requests_are_refused_with_the_reason_and_counted(service):
    def post(body: bytes) -> requests.Response:
        return requests.post(f"{service}/alert", data=body, timeout=5)

    assert post(b"{").status_code == 400
    assert post(b'{"version": "3"}').status_code == 422
    assert post(b"x" * ((1 << 20) + 1)).status_code == 413
    chunks = requests.post(f"{service}/alert", data=iter([b"x" * (1 << 19)] * 3), timeout=5)
    assert chunks.status_code == 413, "also when the length was not declared"
    assert requests.get(f"{service}/alert", timeout=5).status_code == 405
    assert metric(service, 'threader_errors_total{kind="bad_request"}') == 4


def test_strangers_cannot_make_metrics_without_end(service):
    for n in range(5):
        requests.get(f"{service}/nothing/{n}", timeout=5)
        requests.request(f"BREW{n}", f"{service}/health", timeout=5)
    text = requests.get(f"{service}/metrics", timeout=5).text
    assert 'http_requests_total{code="404",method="GET",path="other"} 5.0' in text
    assert "BREW" not in text


def test_all_metrics_of_the_documentation_are_there_from_the_start(service):
    requests.get(f"{service}/health", timeout=5)
    text = requests.get(f"{service}/metrics", timeout=5).text
    for name in ("http_requests_total", "http_request_duration_seconds", "threader_health_status", "threader_info"):
        assert f"# TYPE {name} " in text
    assert 'threader_errors_total{kind="slack"} 0.0' in text
    assert "threader_health_status 1.0" in text
    assert 'http_requests_total{code="200",method="GET",path="/health"} 1.0' in text


def test_alerts_that_alertmanager_left_out_are_counted(service):
    send(service, alert_json(), truncatedAlerts=7)
    assert metric(service, "threader_truncated_alerts_total") == 7


def test_a_webhook_address_without_a_token_posts_without_threads(slack):
    chosen = settings(SLACK_BOT_TOKEN="", SLACK_WEBHOOK_URL=f"{slack.url}/services/T/B/X")
    with threader(chosen, MemoryStore(3600)) as url:
        assert send(url, alert_json()).json()["done"] == {"opened": 1}
        assert send(url, alert_json()).json()["done"] == {"duplicate": 1}
        assert send(url, alert_json("resolved")).json()["done"] == {"unthreaded": 1}
    assert threads(slack, "#alerts-webhook") == [["Firing"], ["Resolved"]]


def test_two_instances_with_one_redis_make_one_thread_also_at_the_same_time(slack, redis_url, tmp_path):
    chosen = settings(SLACK_API_URL=slack.api_url)
    stores = [RedisStore(redis_url, f"{tmp_path}:", 3600) for _ in range(2)]
    with threader(chosen, stores[0]) as one, threader(chosen, stores[1]) as other, ThreadPoolExecutor(16) as pool:
        sent = [pool.submit(send, url, alert_json(), alert_json(fingerprint="g")) for url in [one, other] * 4]
        assert {answer.result().status_code for answer in sent} == {200}
        assert send(other, alert_json("resolved")).json()["done"] == {"threaded": 1}
    assert sorted(threads(slack), key=len) == [["Firing"], ["Firing", "Resolved"]]


def test_a_redis_that_is_away_makes_it_unready_but_not_sick_and_nothing_is_posted(slack):
    with threader(settings(SLACK_API_URL=slack.api_url), RedisStore("redis://127.0.0.1:1", "p:", 3600)) as url:
        assert requests.get(f"{url}/ready", timeout=5).status_code == 503
        assert requests.get(f"{url}/health", timeout=5).status_code == 200
        answer = send(url, alert_json())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert slack.standin.calls["chat.postMessage"] == 0


def test_a_sender_that_goes_away_or_dawdles_costs_nobody_else(service, monkeypatch):
    monkeypatch.setattr("threader.body.READ_TIMEOUT", 0.3)
    host, port = service.removeprefix("http://").split(":")
    head = b"POST /alert HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    with socket.create_connection((host, int(port))) as gone:
        gone.sendall(head)
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(head)
        assert send(service, alert_json()).status_code == 200
        assert b"408" in slow.recv(200)
    assert metric(service, "threader_alerts_in_flight") == 0


def test_too_many_webhooks_at_once_are_told_to_come_again(slack, monkeypatch):
    monkeypatch.setattr("threader.app.MAX_WAITING", 2)
    with threader(settings(SLACK_API_URL=slack.api_url, SLACK_TIMEOUT="0.5"), MemoryStore(3600)) as url:
        fail(slack, "hang")
        with ThreadPoolExecutor(8) as pool:
            codes = sorted(pool.map(lambda n: send(url, alert_json(fingerprint=f"f{n}")).status_code, range(6)))
    assert codes.count(503) >= 4
    assert 200 not in codes


def test_a_group_that_is_partly_resolved_shows_each_alert_as_it_is(service, slack):
    send(service, alert_json(fingerprint="a"), alert_json(fingerprint="b"))
    send(service, alert_json("resolved", fingerprint="a"), alert_json(fingerprint="b"), status="firing")
    assert sorted(threads(slack), key=len) == [["Firing"], ["Firing", "Resolved"]]


def test_a_broken_piece_of_ours_is_a_500_in_json_and_counted(slack):
    class Broken(MemoryStore):
        def get(self, incident):
            raise RuntimeError("boom")

    with threader(settings(SLACK_API_URL=slack.api_url), Broken(3600)) as url:
        answer = send(url, alert_json())
        assert (answer.status_code, answer.json()) == (500, {"error": "internal error, see the log"})
        assert metric(url, 'threader_errors_total{kind="internal"}') == 1


def test_many_at_once_do_not_mix_up_threads(service, slack):
    barrier = threading.Barrier(6)

    def incident(n: int) -> None:
        barrier.wait()
        for status in ("firing", "resolved", "firing"):
            assert send(service, alert_json(status, fingerprint=f"f{n}")).status_code == 200

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(incident, range(6)))
    assert threads(slack) == [["Firing", "Resolved", "Firing again"]] * 6
