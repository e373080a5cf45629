"""The stand-in answers as Alertmanager 0.25 did when it was asked the same."""

import json

import pytest

from tests.deploy.hosts.alertmanager import verdict

START, BEFORE = "2026-11-24T18:07:39Z", "2026-11-24T18:07:38Z"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([{"labels": {"alertname": "A"}, "annotations": {"s": "x"}, "startsAt": START, "endsAt": START}], 200),
        ([{"labels": {"x": "y"}}], 200),
        ([{"labels": {"alertname": "A"}, "startsAt": "2026-11-24T18:07:39.123+00:00"}], 200),
        ([{"labels": {"alertname": "A"}, "unknown": 1}], 200),
        ([], 200),
        ({"labels": {"alertname": "A"}}, 400),
        ([{"annotations": {}}], 422),
        ([{"labels": {}}], 400),
        ([{"labels": {"alertname": ""}}], 400),
        ([{"labels": {"a-b": "y"}}], 400),
        ([{"labels": {"a": 1}}], 400),
        ([{"labels": {"a": "b"}, "annotations": {"a-b": "y"}}], 400),
        ([{"labels": {"a": "b"}, "startsAt": 1795543659}], 400),
        ([{"labels": {"a": "b"}, "startsAt": START, "endsAt": BEFORE}], 400),
    ],
)
def test_a_body_is_answered_with_that_status(body, status):
    assert verdict("/api/v2/alerts", "application/json", json.dumps(body).encode())[0] == status


def test_another_kind_another_path_and_nonsense_are_refused():
    assert verdict("/api/v2/alerts", "text/plain", b"[]")[0] == 415
    assert verdict("/api/v1/alerts", "application/json", b"[]")[0] == 404
    assert verdict("/api/v2/alerts", "application/json", b"nonsense")[0] == 400
