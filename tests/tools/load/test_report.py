"""What came of a load: nothing that failed is lost, whatever it failed of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.load.report import SHOWN, Shot, parse, percentile, report

REFUSED = 'Post "http://10.88.0.14:9080/alert": dial tcp 10.88.0.14:9080: connect: connection refused'
LINES = [
    "1795544594685756760,200,1953112,2,13,,YQ==,,0,POST,http://10.88.0.11:9080/alert,Q29u",
    "1795544594785756760,503,1000000,2,0,503 Service Unavailable,,,1,POST,http://10.88.0.11:9080/alert,",
    f'1795544594885756760,0,500000,2,0,"{REFUSED.replace(chr(34), chr(34) * 2)}",,,2,POST,http://10.88.0.11:9080/alert,',
]


def test_what_vegeta_says_is_read():
    assert parse(LINES, "own") == [
        Shot(1795544594.6857567, 200, 0.001953112, "", "own"),
        Shot(1795544594.7857567, 503, 0.001, "503 Service Unavailable", "own"),
        Shot(1795544594.8857567, 0, 0.0005, REFUSED, "own"),
    ]


def test_failures_are_counted_by_their_kind_and_told_one_by_one():
    found = report(parse(LINES, "own"))
    assert (found.sent, found.ok, found.failed) == (3, 1, {"HTTP 503": 1, "connection refused": 1})
    assert [each["kind"] for each in found.failures] == ["HTTP 503", "connection refused"]
    assert not found.clean
    assert found.rate == 10.0


@pytest.mark.parametrize(
    ("shot", "kind"),
    [
        (Shot(0, 200, 0), None),
        (Shot(0, 204, 0), None),
        (Shot(0, 199, 0), "HTTP 199"),
        (Shot(0, 302, 0), "HTTP 302"),
        (Shot(0, 500, 0, "500 Internal Server Error"), "HTTP 500"),
        (Shot(0, 0, 0, 'Post "http://x/alert": EOF'), "EOF"),
        (Shot(0, 200, 0, "read tcp 1->2: read: connection reset by peer"), "connection reset by peer"),
    ],
)
def test_exactly_a_whole_answer_of_2xx_is_good(shot, kind):
    assert shot.failure == kind


shots = st.lists(
    st.builds(Shot, st.floats(0, 99), st.sampled_from([0, 200, 502]), st.floats(0, 9), st.sampled_from(["", "a: b"]))
)


@given(shots)
def test_every_request_is_good_or_failed_and_in_no_other_way_counted(shots):
    found = report(shots)
    assert found.sent == len(shots) == found.ok + sum(found.failed.values())
    assert len(found.failures) == min(SHOWN, found.sent - found.ok)
    assert found.p50 <= found.p99 <= found.slowest


@pytest.mark.parametrize(("share", "value"), [(50, 50.0), (99, 99.0), (100, 100.0), (1, 1.0)])
def test_a_percentile_is_of_the_nearest_rank(share, value):
    assert percentile([float(number) for number in range(1, 101)], share) == value


def test_a_load_of_nothing_is_a_report_of_nothing():
    assert report([]).as_json() == {
        "sent": 0,
        "ok": 0,
        "failed": {},
        "rate": 0.0,
        "p50": 0,
        "p99": 0,
        "slowest": 0,
        "failures": (),
    }
