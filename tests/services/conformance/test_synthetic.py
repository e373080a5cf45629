"""Signed synthetic alerts: all the way to Slack as real ones, but where no people are and in no count of real ones."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest
import redis
import requests

from tests.services.conformance.conftest import CHANNELS
from tests.services.conformance.harness import KEY, SIGNATURE, SYNTHETIC, TIME, signed, started
from tests.services.python.harness import alert_json, webhook_json

INCIDENT = "f1:20261123T220000.123456Z"
COUNTED = "threader_synthetic_alerts_total"


@pytest.fixture(scope="module")
def resident(impl, one_slack, tmp_path_factory):
    """One that takes synthetic alerts; each test needs fingerprints of its own."""
    with started(impl, tmp_path_factory.mktemp("resident"), one_slack.api_url, **SYNTHETIC) as threader:
        yield threader


@pytest.fixture
def quiet(slack):
    """Looks whether all channels that people read are empty."""

    def look() -> bool:
        found = [slack.standin.workspace.channel(name).messages for name in CHANNELS if name != "synthetic"]
        return not any(found)

    return look


def counts(threader) -> dict[str, float]:
    """All that is counted but by itself: the scrapes, the process, and synthetic alerts."""
    own = ("process_", "python_", COUNTED)
    found = threader.metrics().items()
    return {name: value for name, value in found if not name.startswith(own) and 'path="/metrics"' not in name}


def sent(threader) -> tuple[float, float]:
    """How many synthetic alerts were delivered, and how many failed."""
    found = threader.metrics()
    return found[f'{COUNTED}{{result="delivered"}}'], found[f'{COUNTED}{{result="failed"}}']


def test_they_are_posted_as_real_ones_but_to_their_own_channel_whatever_their_severity(resident, slack, told, quiet):
    severities = ("critical", "warning", "info", "odd")
    alerts = [alert_json(fingerprint=f"severity-{name}", severity=name) for name in severities]
    answer = resident.synthetic(*alerts)
    assert answer.status_code == 200
    messages = slack.standin.workspace.channel("synthetic").messages
    assert answer.json() == {
        "done": {"opened": 4},
        "failed": [],
        "not_tried": 0,
        "delivered": [
            {"fingerprint": f"severity-{name}", "ts": message.ts}
            for name, message in zip(severities, messages, strict=True)
        ],
    }
    assert told("synthetic") == [["Firing"]] * 4
    assert quiet()


def test_a_real_one_looks_the_same_but_for_its_channel(resident, slack):
    resident.synthetic(alert_json(fingerprint="looks"))
    resident.alert(alert_json(fingerprint="looks"))
    synthetic, real = (json.loads(recorded.body) for recorded in slack.standin.recorded)
    assert (synthetic.pop("channel"), real.pop("channel")) == ("#synthetic", "#alerts-critical")
    assert synthetic == real


def test_an_incident_is_one_thread_and_each_message_is_told_with_its_own_id(resident, slack, told, quiet):
    two = ("grouped-a", "grouped-b")
    answers = [
        resident.synthetic(*(alert_json(status, fingerprint=name) for name in two)).json()
        for status in ("firing", "firing", "resolved")
    ]
    assert [answer["done"] for answer in answers] == [{"opened": 2}, {"duplicate": 2}, {"threaded": 2}]
    assert told("synthetic") == [["Firing", "Resolved"]] * 2
    threads = slack.standin.workspace.channel("synthetic").messages
    ids = [dict(zip(two, ids, strict=True)) for ids in zip(*((m.ts, m.replies[0].ts) for m in threads), strict=True)]
    delivered = [{each["fingerprint"]: each["ts"] for each in answer["delivered"]} for answer in answers]
    assert delivered == [ids[0], {}, ids[1]]
    assert quiet()


def test_two_alerts_of_one_incident_in_one_webhook_share_a_thread(resident, told):
    answer = resident.synthetic(alert_json(fingerprint="once"), alert_json("resolved", fingerprint="once"))
    assert answer.json()["done"] == {"opened": 1, "threaded": 1}
    assert len({each["ts"] for each in answer.json()["delivered"]}) == 2
    assert told("synthetic") == [["Firing", "Resolved"]]


def test_a_real_incident_of_the_same_alert_is_another_one(resident, told):
    assert resident.synthetic(alert_json(fingerprint="both")).json()["done"] == {"opened": 1}
    real = resident.alert(alert_json(fingerprint="both"))
    assert real.json() == {"done": {"opened": 1}, "failed": [], "not_tried": 0}
    assert resident.alert(alert_json("resolved", fingerprint="both")).json()["done"] == {"threaded": 1}
    assert resident.synthetic(alert_json(fingerprint="both")).json()["done"] == {"duplicate": 1}
    assert told() == [["Firing", "Resolved"]]
    assert told("synthetic") == [["Firing"]]


def old(body: bytes, seconds: float) -> dict[str, str]:
    return signed(body, at=time.time() + seconds)


def with_time(text: str):
    """Rightly signed with a time that is none."""

    def headers(body: bytes) -> dict[str, str]:
        made = hmac.new(KEY.encode(), text.encode("latin-1") + b"." + body, "sha256").hexdigest()
        return {TIME: text, SIGNATURE: f"sha256={made}"}

    return headers


def without(name: str):
    return lambda body: {key: value for key, value in signed(body).items() if key != name}


def with_signature(change):
    return lambda body: {key: change(value) if key == SIGNATURE else value for key, value in signed(body).items()}


NOT_OURS = "the signature is not that of SYNTHETIC_KEY over the time and the body"
NO_TIME = f"{TIME} is not a number of seconds since 1970"
FAR = "the time is more than 300 s away from now"
REFUSED = {
    "of another body": (lambda body: signed(body + b" "), NOT_OURS),
    "of another key": (lambda body: signed(body, "another key of 16 or more"), NOT_OURS),
    "of another time": (lambda body: signed(body) | {TIME: str(int(time.time()) - 1)}, NOT_OURS),
    "unknown kind": (with_signature(lambda text: text.replace("sha256=", "sha512=")), NOT_OURS),
    "unknown digest": (
        with_signature(lambda text: "sha1=" + hashlib.sha1(text.encode()).hexdigest()),
        NOT_OURS,
    ),
    "without its kind": (with_signature(lambda text: text.removeprefix("sha256=")), NOT_OURS),
    "in capitals": (with_signature(str.upper), NOT_OURS),
    "cut": (with_signature(lambda text: text[:-1]), NOT_OURS),
    "longer": (with_signature(lambda text: text + "0"), NOT_OURS),
    "not ascii": (with_signature(lambda text: text[:-1] + "é"), NOT_OURS),
    "empty signature": (with_signature(lambda text: ""), f"{SIGNATURE} is missing"),
    "no signature": (without(SIGNATURE), f"{SIGNATURE} is missing"),
    "no time": (without(TIME), f"{TIME} is missing"),
    "empty time": (with_time(""), f"{TIME} is missing"),
    "too old": (lambda body: old(body, -303), FAR),
    "too early": (lambda body: old(body, 303), FAR),
    "a time with a fraction": (with_time("1700000000.5"), NO_TIME),
    "a time with a sign": (with_time("+1700000000"), NO_TIME),
    "a time in words": (with_time("now"), NO_TIME),
    "a time in other digits": (with_time("\xb2"), NO_TIME),
    "a time that is too long": (with_time("1" * 13), NO_TIME),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_says_it_is_synthetic_and_is_not_is_refused_and_nothing_is_done(resident, slack, case):
    headers, reason = REFUSED[case]
    body = json.dumps(webhook_json(alert_json(fingerprint="refused"))).encode()
    before = sent(resident)
    made = {name: value.encode("latin-1") for name, value in headers(body).items()}
    answer = requests.post(f"{resident.url}/alert", data=body, headers=made, timeout=10)
    assert answer.status_code == 403
    assert answer.json() == {"error": f"not a synthetic alert: {reason}", "reason": reason}
    assert sum(slack.standin.calls.values()) == 0
    assert sent(resident) == before


@pytest.mark.parametrize("seconds", [-295, 295])
def test_a_clock_may_differ_by_five_minutes(resident, seconds):
    body = json.dumps(webhook_json(alert_json(fingerprint=f"clock{seconds}"))).encode()
    answer = requests.post(f"{resident.url}/alert", data=body, headers=old(body, seconds), timeout=10)
    assert answer.json()["done"] == {"opened": 1}


def test_what_was_refused_is_no_incident(resident, told):
    body = json.dumps(webhook_json(alert_json(fingerprint="later"))).encode()
    wrong = signed(body, "another key of 16 or more")
    assert requests.post(f"{resident.url}/alert", data=body, headers=wrong, timeout=10).status_code == 403
    assert resident.synthetic(alert_json(fingerprint="later")).json()["done"] == {"opened": 1}
    assert resident.alert(alert_json(fingerprint="later")).json()["done"] == {"opened": 1}


def test_who_has_no_key_takes_none(impl, start, slack):
    with start(impl) as threader:
        answer = threader.synthetic(alert_json())
        reason = "SYNTHETIC_KEY and SYNTHETIC_CHANNEL are not set here"
        assert (answer.status_code, answer.json()["reason"]) == (403, reason)
        assert sum(slack.standin.calls.values()) == 0


def test_no_metric_of_real_alerts_moves_whatever_becomes_of_them(impl, start, fail, slack, quiet):
    with start(impl, **SYNTHETIC) as threader:
        before = counts(threader)
        for status in ("firing", "firing", "resolved"):
            assert threader.synthetic(alert_json(status), truncatedAlerts=7).status_code == 200
        assert sent(threader) == (2, 0)
        fail("500", times=1)
        late = [alert_json(fingerprint=name) for name in ("late", "later")]
        assert threader.synthetic(*late).status_code == 502
        fail("429", retry_after=30)
        answer = threader.synthetic(*late)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert answer.json()["delivered"] == []
        assert sent(threader) == (2, 4)
        fail("429", times=1, retry_after=1)
        assert threader.synthetic(*late).json()["done"] == {"opened": 2}
        assert sent(threader) == (4, 4)
        slack.standin.workspace.clear()
        assert threader.synthetic(alert_json()).json()["done"] == {"unthreaded": 1}
        bad = [b"{", b"[]", b'{"version": "3"}']
        codes = [requests.post(f"{threader.url}/alert", data=b, headers=signed(b), timeout=10).status_code for b in bad]
        assert codes == [400, 422, 422]
        assert counts(threader) == before
        assert sent(threader) == (5, 4)
        assert quiet()


def test_the_limit_of_a_body_holds_for_them_too(impl, start):
    with start(impl, **SYNTHETIC, MAX_BODY_BYTES="2048") as threader:
        body = b" " * 2049
        answer = requests.post(f"{threader.url}/alert", data=body, headers=signed(body), timeout=10)
        assert answer.status_code == 413
        assert threader.synthetic(alert_json()).status_code == 200


TOLD = {
    "opened": "debug",
    "threaded": "debug",
    "the thread is gone from Slack, a new one is opened": "debug",
    "unthreaded": "debug",
    "alert not delivered, Alertmanager is asked to retry": "warning",
    "request refused": "warning",
    "request": "debug",
}


def test_no_error_is_logged_and_what_goes_well_at_debug_level_only(impl, start, fail, slack):
    def run(level: str) -> list[dict]:
        slack.standin.clear()
        with start(impl, **SYNTHETIC, LOG_LEVEL=level) as threader:
            threader.synthetic(alert_json(summary=KEY), truncatedAlerts=7)
            threader.synthetic(alert_json("resolved"))
            fail("500", times=1)
            threader.synthetic(alert_json(fingerprint="failed", alertname=f"with {KEY} in it"))
            slack.standin.workspace.clear()
            threader.synthetic(alert_json())
            requests.post(f"{threader.url}/alert", data=b"{", headers=signed(b"{"), timeout=10)
            threader.end()
        assert KEY not in threader.said()
        return [line for line in threader.lines() if line["msg"] in TOLD and line.get("path") in (None, "/alert")]

    lines = run("info")
    assert [line["msg"] for line in lines] == [msg for msg, level in TOLD.items() if level == "warning"]
    assert lines[0]["alertname"] == "with [REDACTED] in it"
    more = run("debug")
    assert {line["msg"] for line in more} == TOLD.keys()
    assert all((line["level"], line["synthetic"]) == (TOLD[line["msg"]], True) for line in lines + more)


@pytest.mark.toolchain
def test_in_redis_they_have_keys_of_their_own_that_last_an_hour(impl, start, redis_url, tmp_path, told):
    prefix = f"{tmp_path}:"
    with (
        redis.Redis.from_url(redis_url) as keys,
        start(impl, **SYNTHETIC, THREAD_STORE="", REDIS_URL=redis_url, REDIS_KEY_PREFIX=prefix) as threader,
    ):
        assert threader.synthetic(alert_json()).json()["done"] == {"opened": 1}
        own = f"{prefix}synthetic:incident:{INCIDENT}"
        assert {key.decode() for key in keys.scan_iter(f"{prefix}*incident:*")} == {own}
        assert 3_500_000 < keys.pttl(own) <= 3_600_000
        assert threader.alert(alert_json()).json()["done"] == {"opened": 1}
        assert keys.exists(f"{prefix}incident:{INCIDENT}")
    assert (told("synthetic"), told()) == ([["Firing"]], [["Firing"]])


@pytest.mark.toolchain
def test_with_one_redis_they_are_one_thread_whichever_gets_them(pair, start, redis_url, tmp_path, told):
    shared = {**SYNTHETIC, "THREAD_STORE": "", "REDIS_URL": redis_url, "REDIS_KEY_PREFIX": f"{tmp_path}:"}
    with start(pair[0], **shared) as one, start(pair[1], **shared) as other:
        one.synthetic(alert_json())
        assert other.synthetic(alert_json("resolved")).json()["done"] == {"threaded": 1}
    assert told("synthetic") == [["Firing", "Resolved"]]


@pytest.mark.toolchain
def test_on_disk_they_have_a_file_of_their_own_that_forgets_them(impl, start, tmp_path, told):
    state = tmp_path / "state"
    chosen = {**SYNTHETIC, "THREAD_STORE": "", "STATE_DIRECTORY": str(state)}
    with start(impl, **chosen) as threader:
        threader.synthetic(alert_json())
        threader.alert(alert_json("resolved"))
        assert list(json.loads((state / "threads.json").read_text())["incidents"]) == [INCIDENT]
        own = json.loads((state / "threads.json.synthetic").read_text())
        assert own["incidents"][INCIDENT]["status"] == "firing"
    own["incidents"][INCIDENT]["at"] -= 3601
    (state / "threads.json.synthetic").write_text(json.dumps(own))
    with start(impl, **chosen) as threader:
        assert threader.synthetic(alert_json(fingerprint="b")).json()["done"] == {"opened": 1}
        kept = json.loads((state / "threads.json.synthetic").read_text())["incidents"]
        assert [incident.split(":")[0] for incident in kept] == ["b"]


@pytest.mark.toolchain
def test_a_store_that_takes_nothing_is_told_and_counted_but_not_as_a_real_failure(impl, start, tmp_path, slack):
    state = tmp_path / "state"
    with start(impl, **SYNTHETIC, THREAD_STORE="", STATE_DIRECTORY=str(state)) as threader:
        before = counts(threader)
        state.rename(tmp_path / "gone")
        answer = threader.synthetic(alert_json())
        assert (answer.status_code, answer.json()["delivered"]) == (503, [])
        assert sum(slack.standin.calls.values()) == 0
        (tmp_path / "gone").rename(state)
        assert {**counts(threader), "threader_health_status": 1} == before
        assert sent(threader) == (0, 1)
    assert not [line for line in threader.lines() if line["level"] == "error"]
