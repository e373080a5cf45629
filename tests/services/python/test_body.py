from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.python.harness import alert_json, webhook_json
from threader.body import BadRequest, parse


def refusal(body: bytes) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        parse(body)
    return caught.value


def test_a_webhook_of_alertmanager_is_taken_with_fields_we_do_not_know():
    webhook = parse(json.dumps(webhook_json(alert_json() | {"new": 1}, notYetKnown=[1])).encode())
    assert webhook.alerts[0].name == "DiskFull"


def test_what_is_not_json_is_400_and_what_is_not_a_webhook_is_422():
    assert refusal(b"{").code == 400
    assert refusal(b"").code == 400
    assert refusal(b"[1]").code == 422
    assert refusal(b"null").code == 422


def test_another_version_is_refused_by_name():
    refused = refusal(json.dumps(webhook_json(version="3")).encode())
    assert refused.code == 422
    assert refused.content["problems"] == [{"at": "version", "problem": "Input should be '4'"}]


def test_every_problem_of_an_alert_is_told_with_its_place():
    wrong = alert_json() | {"status": "on fire", "fingerprint": "a b", "startsAt": "yesterday"}
    places = [problem["at"] for problem in refusal(json.dumps(webhook_json(wrong)).encode()).content["problems"]]
    assert places == ["alerts.0.status", "alerts.0.fingerprint", "alerts.0.startsAt"]


def test_deep_nesting_is_refused_and_not_fatal():
    assert refusal(b'{"version":' + b"[" * 100_000).code in (400, 422)


def test_nanoseconds_and_zones_do_not_change_an_incidents_identity():
    times = ("2026-11-23T22:00:00.123456789Z", "2026-11-23T23:00:00.123456+01:00")
    first, second = (parse(json.dumps(webhook_json(alert_json(starts_at=t))).encode()).alerts[0] for t in times)
    assert first.incident == second.incident == "f1:20261123T220000.123456Z"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_anything_but_a_webhook_or_a_refusal(body):
    try:
        parse(body)
    except BadRequest as refused:
        assert refused.code in (400, 422)
