"""One Redis for all: the same keys and records, so it does not matter which instance gets what."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import redis

from tests.services.python.harness import alert_json, wait_until

pytestmark = pytest.mark.toolchain

INCIDENT = "f1:20261123T220000.123456Z"


@pytest.fixture
def shared(redis_url, tmp_path):
    """Variables of instances that share a Redis, with a prefix of this test's own."""
    return {"THREAD_STORE": "", "REDIS_URL": redis_url, "REDIS_KEY_PREFIX": f"{tmp_path}:"}


@pytest.fixture
def keys(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def two(pair, start, shared):
    with ExitStack() as stack:
        yield [stack.enter_context(start(one, **shared, INSTANCE=f"{n}-{one.name}")) for n, one in enumerate(pair)]


def test_an_incident_that_fires_at_one_and_resolves_at_the_other_is_one_thread(two, told):
    first, second = two
    assert first.alert(alert_json()).json()["done"] == {"opened": 1}
    assert second.alert(alert_json()).json()["done"] == {"duplicate": 1}
    assert second.alert(alert_json("resolved")).json()["done"] == {"threaded": 1}
    assert first.alert(alert_json()).json()["done"] == {"threaded": 1}
    assert told() == [["Firing", "Resolved", "Firing again"]]


def test_what_both_get_at_the_same_time_is_posted_once(two, told):
    alerts = [alert_json(fingerprint=f"f{n}") for n in range(10)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: two[n % 2].alert(*alerts), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert told() == [["Firing"]] * 10


def test_a_record_is_json_under_a_key_that_expires(impl, start, shared, keys):
    with start(impl, **shared, THREAD_TTL_DAYS="2") as threader:
        assert threader.get("/ready").status_code == 200
        threader.alert(alert_json())
    prefix = shared["REDIS_KEY_PREFIX"]
    record = json.loads(keys.get(f"{prefix}incident:{INCIDENT}"))
    assert record == {"status": "firing", "channel": "C00000001", "ts": "1700000000.000000", "at": record["at"]}
    assert abs(record["at"] - time.time()) < 30
    assert 2 * 86_400_000 - 60_000 < keys.pttl(f"{prefix}incident:{INCIDENT}") <= 2 * 86_400_000
    assert sorted(keys.scan_iter(f"{prefix}*")) == [f"{prefix}{k}".encode() for k in (f"incident:{INCIDENT}", "probe")]


def test_an_incident_in_work_is_claimed_for_a_time_that_runs_out(impl, start, shared, keys, fail, slack):
    claim = f"{shared['REDIS_KEY_PREFIX']}claim:{INCIDENT}"
    fail("hang")
    with start(impl, **shared) as threader, ThreadPoolExecutor() as pool:
        sent = pool.submit(threader.alert, alert_json())
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        longest = 1000 * (4 * 2 + 1 + 10)  # of SLACK_TIMEOUT and SLACK_MAX_WAIT
        assert longest - 5000 < keys.pttl(claim) <= longest
        assert sent.result().status_code == 502
        assert not keys.exists(claim)


def test_an_incident_that_another_holds_is_waited_for(impl, start, shared, keys, slack):
    claim = f"{shared['REDIS_KEY_PREFIX']}claim:{INCIDENT}"
    keys.set(claim, "another", px=60_000)
    with start(impl, **shared) as threader, ThreadPoolExecutor() as pool:
        sent = pool.submit(threader.alert, alert_json())
        time.sleep(0.5)
        assert slack.standin.calls["chat.postMessage"] == 0
        assert not sent.done()
        keys.delete(claim)
        assert sent.result().json()["done"] == {"opened": 1}


def test_a_claim_that_ran_out_and_is_anothers_now_is_left_alone(impl, start, shared, keys, fail, slack):
    claim = f"{shared['REDIS_KEY_PREFIX']}claim:{INCIDENT}"
    fail("hang")
    with start(impl, **shared, SLACK_TIMEOUT="1") as threader, ThreadPoolExecutor() as pool:
        sent = pool.submit(threader.alert, alert_json())
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        keys.set(claim, "another", px=60_000)
        sent.result()
    assert keys.get(claim) == b"another"


def test_an_incident_that_another_does_not_let_go_holds_up_no_other(impl, start, shared, keys):
    keys.set(f"{shared['REDIS_KEY_PREFIX']}claim:{INCIDENT}", "another", px=60_000)
    with start(impl, **shared) as threader:
        answer = threader.alert(alert_json(), alert_json(fingerprint="b"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json() == {
        "done": {"opened": 1},
        "failed": ["DiskFull: store: another instance has held this incident for 15 s"],
        "not_tried": 0,
    }


@pytest.mark.parametrize("value", ["not json", "[]", '{"status":"odd","channel":"C1","ts":"1.0","at":1}', "{}"])
def test_a_key_that_holds_no_thread_is_told_and_replaced(impl, start, shared, keys, value):
    key = f"{shared['REDIS_KEY_PREFIX']}incident:{INCIDENT}"
    keys.set(key, value)
    with start(impl, **shared) as threader:
        assert threader.alert(alert_json()).json()["done"] == {"opened": 1}
    (line,) = [line for line in threader.lines() if line["level"] == "error"]
    assert (line["msg"], line["key"]) == ("a key in Redis holds no thread; the incident gets a new one", key)
    assert json.loads(keys.get(key))["status"] == "firing"


def test_a_thread_without_an_id_is_known_and_posted_again(impl, start, shared, keys, told):
    record = {"status": "firing", "channel": "#alerts-critical", "ts": None, "at": time.time()}
    keys.set(f"{shared['REDIS_KEY_PREFIX']}incident:{INCIDENT}", json.dumps(record))
    with start(impl, **shared) as threader:
        assert threader.alert(alert_json()).json()["done"] == {"duplicate": 1}
        assert threader.alert(alert_json("resolved")).json()["done"] == {"unthreaded": 1}
    assert told() == [["Resolved"]]


def test_a_redis_that_is_away_makes_it_unready_but_not_sick(impl, start):
    with start(impl, THREAD_STORE="", REDIS_URL="redis://:hunter2@127.0.0.1:1") as threader:
        ready = threader.get("/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "unready")
        assert ready.json()["reason"].startswith("Redis: ")
        assert threader.get("/health").status_code == 200
        answer = threader.alert(alert_json(), alert_json(fingerprint="b"))
        assert (answer.status_code, answer.headers["Retry-After"], answer.json()["not_tried"]) == (503, "1", 1)
        assert answer.json()["failed"][0].startswith("DiskFull: store: Redis: ")
        found = threader.metrics()
        assert (found['threader_errors_total{kind="store"}'], found["threader_health_status"]) == (1, 1)
    assert "hunter2" not in threader.said() + ready.text + answer.text
