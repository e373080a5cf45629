"""Slack when it is slow, away, or sends us elsewhere."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.python.harness import alert_json, wait_until

pytestmark = pytest.mark.toolchain


def test_a_slack_that_hangs_is_given_up_in_time_and_health_still_answers(impl, start, slack, fail):
    fail("hang")
    with start(impl, SLACK_TIMEOUT="0.5") as threader, ThreadPoolExecutor() as pool:
        begun = time.monotonic()
        sent = pool.submit(threader.alert, alert_json())
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        assert threader.get("/health").status_code == 200
        answer = sent.result()
        assert time.monotonic() - begun < 3
        assert answer.status_code == 502
        assert answer.json()["failed"][0].startswith("DiskFull: slack: unreachable (")
        fail(None)
        assert threader.alert(alert_json()).status_code == 200


def test_a_slack_that_is_away_makes_it_neither_sick_nor_unready(impl, start):
    with start(impl, SLACK_API_URL="http://127.0.0.1:1/api/") as threader:
        answer = threader.alert(alert_json(), alert_json(fingerprint="b"))
        assert (answer.status_code, answer.json()["not_tried"]) == (502, 1)
        assert [threader.get(path).status_code for path in ("/health", "/ready")] == [200, 200]


def test_a_base_with_a_slash_at_its_end_is_the_same_base(impl, start, slack, told):
    with start(impl, SLACK_API_URL=f"{slack.api_url}/") as threader:
        assert threader.alert(alert_json()).status_code == 200
    assert told() == [["Firing"]]


def test_many_at_once_do_not_mix_up_threads(impl, start, told):
    def incident(n: int) -> None:
        for status in ("firing", "resolved", "firing"):
            assert threader.alert(alert_json(status, fingerprint=f"f{n}")).status_code == 200

    with start(impl) as threader, ThreadPoolExecutor(8) as pool:
        list(pool.map(incident, range(8)))
    assert told() == [["Firing", "Resolved", "Firing again"]] * 8
