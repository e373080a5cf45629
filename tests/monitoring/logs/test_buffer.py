"""Nothing is lost, and nothing changes places: whatever Loki answers, and however the shipper ends."""

import json
import signal
import time

import pytest

from tests.monitoring.logs.loki import Loki
from tests.monitoring.logs.shipper import NEEDED, Shipper, soon

pytestmark = [NEEDED, pytest.mark.toolchain]
MEGABYTE = 1 << 20


def numbered(count, start=0, size=0):
    return [
        json.dumps({"level": "info", "msg": f"line {start + number}", "more": "x" * size}) for number in range(count)
    ]


@pytest.fixture
def loki():
    with Loki() as made:
        yield made


def texts(loki):
    return [text for _, text in loki.lines]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_was_not_taken_is_sent_again_as_often_as_it_takes(tmp_path, loki, status):
    loki.answers.extend([status] * 5)
    with Shipper(tmp_path, loki.url) as shipper:
        shipper.write(*numbered(1200))
        soon(lambda: len(texts(loki)) >= 1200)
    assert texts(loki) == numbered(1200)
    moments = [int(when) for labels, when, _ in loki.taken if "instance" in labels]
    assert moments == sorted(set(moments))
    assert not loki.answers


def test_what_loki_calls_invalid_does_not_stop_what_follows(tmp_path, loki):
    with Shipper(tmp_path, loki.url) as shipper:
        soon(lambda: loki.taken)
        loki.answers.append(400)
        shipper.write("bad")
        soon(lambda: not loki.answers)
        shipper.write("good")
        soon(lambda: texts(loki))
    assert texts(loki) == ["good"]


def test_what_was_written_while_loki_was_away_arrives_in_order(tmp_path):
    with Loki() as gone:
        port = gone.port
    with Shipper(tmp_path, gone.url) as shipper:
        shipper.write(*numbered(3000))
        soon(lambda: shipper.buffered() > 3000 * 50 and "connect" in shipper.said())
        with Loki(port) as back:
            shipper.write(*numbered(500, 3000))
            soon(lambda: len(texts(back)) >= 3500)
    assert texts(back) == numbered(3500)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_shipper_that_ends_meanwhile_loses_nothing(tmp_path, loki, how):
    loki.status = 503
    with Shipper(tmp_path, loki.url) as shipper:
        shipper.write(*numbered(1000))
        soon(lambda: loki.refused)
        shipper.write(*numbered(1000, 1000))
        shipper.end(how)
    loki.status = 204
    with shipper:
        shipper.write(*numbered(1000, 2000))
        soon(lambda: numbered(1, 2999)[0] in texts(loki))
    once = list(dict.fromkeys(texts(loki)))
    assert once == numbered(3000)


def test_a_full_buffer_lets_the_rest_wait_in_the_journal(tmp_path, loki):
    loki.status = 503
    lines = numbered(1500, size=20_000)
    with Shipper(tmp_path, loki.url, buffer_mb=1) as shipper:
        shipper.write(*lines)
        soon(lambda: shipper.buffered() > MEGABYTE)
        time.sleep(3)
        assert shipper.buffered() <= 10 * MEGABYTE
        loki.status = 204
        soon(lambda: len(texts(loki)) >= len(lines), 60)
    assert texts(loki) == lines
    assert "dropping" not in shipper.said()
