from __future__ import annotations

import json
import logging

import pytest
import requests
from starlette.datastructures import Headers

from tests.services.conformance.harness import KEY, SYNTHETIC, signed
from tests.services.python.harness import RememberingSlack, alert, alert_json, settings, threader, webhook_json
from threader import synthetic
from threader.store.memory import MemoryStore

CHOSEN = settings(**SYNTHETIC)


def test_a_signature_is_the_one_of_the_documentation(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    chosen = settings(**SYNTHETIC | {"SYNTHETIC_KEY": "0123456789abcdef"})
    made = "sha256=bb89790fe3947d40e57e5bb306aed4afd1ba868fa386f98dc4469e14f50ebb97"
    headers = Headers({synthetic.TIME: "1700000000", synthetic.SIGNATURE: made})
    assert synthetic.refusal(chosen, headers, '{"a":"é"}'.encode()) is None
    assert synthetic.refusal(chosen, headers, b'{"a":"e"}')


def test_a_header_that_comes_twice_is_no_good():
    body = b"{}"
    headers = Headers(raw=[(name.lower().encode(), text.encode()) for name, text in [*signed(body).items()] * 2])
    assert synthetic.claimed(headers)
    assert synthetic.refusal(CHOSEN, headers, body)


def test_what_is_theirs_is_apart_from_what_is_real():
    own = synthetic.apart(settings(**SYNTHETIC, THREAD_STORE="file", THREAD_STORE_FILE="/x/threads.json"))
    assert (own.slack_channel, own.redis_key_prefix) == ("#synthetic", "alert-threader:synthetic:")
    assert str(own.thread_store_file) == "/x/threads.json.synthetic"
    assert own.thread_ttl_days * 86400 == 3600


def test_who_does_not_want_them_has_nothing_for_them():
    assert synthetic.deliverer(settings(), RememberingSlack()) is None


def test_they_are_told_with_the_id_of_their_own_message():
    slack = RememberingSlack()
    threads = synthetic.deliverer(CHOSEN, slack)
    for status in ("firing", "resolved"):
        assert threads.deliver((alert(status),)).delivered == [{"fingerprint": "f1", "ts": slack.posts[-1][2]}]
    assert [message.channel for message, _, _ in slack.posts] == ["#synthetic", "C1"]


def test_a_broken_piece_of_ours_is_no_real_failure(slack, monkeypatch, caplog):
    class Broken(MemoryStore):
        def get(self, incident):
            raise RuntimeError("boom")

    monkeypatch.setattr(synthetic, "open_store", lambda own: Broken(3600))
    body = json.dumps(webhook_json(alert_json(), alert_json(fingerprint="f2"))).encode()
    chosen = settings(SLACK_API_URL=slack.api_url, **SYNTHETIC)
    with threader(chosen, MemoryStore(3600)) as url, caplog.at_level(logging.DEBUG, "threader"):
        answer = requests.post(f"{url}/alert", data=body, headers=signed(body), timeout=10)
        found = requests.get(f"{url}/metrics", timeout=5).text
    assert (answer.status_code, answer.json()) == (500, {"error": "internal error, see the log"})
    assert 'threader_errors_total{kind="internal"} 0.0' in found
    assert 'threader_synthetic_alerts_total{result="failed"} 2.0' in found
    assert 'path="/alert"' not in found
    (line,) = [record for record in caplog.records if record.msg == "request failed"]
    assert (line.levelname, line.fields["synthetic"]) == ("WARNING", True)


@pytest.mark.parametrize("secret", [KEY, "another key of 16 or more"])
def test_the_key_is_a_secret(secret):
    chosen = settings(**SYNTHETIC | {"SYNTHETIC_KEY": secret})
    assert secret in chosen.secrets()
    assert secret not in repr(chosen)
