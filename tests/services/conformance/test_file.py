"""The file: an old and a new release, also of another implementation, may share it while traffic moves."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.services.python.harness import alert_json, wait_until

pytestmark = pytest.mark.toolchain


@pytest.fixture
def shared(tmp_path):
    return {"THREAD_STORE": "", "STATE_DIRECTORY": str(tmp_path / "state")}


def test_a_thread_outlives_the_process_and_its_implementation(pair, start, shared, told):
    first, second = pair
    with start(first, **shared) as threader:
        threader.alert(alert_json())
        assert threader.end() == 0
    with start(second, **shared) as threader:
        assert threader.alert(alert_json("resolved")).json()["done"] == {"threaded": 1}
    assert told() == [["Firing", "Resolved"]]


def test_two_on_one_file_at_the_same_time_lose_nothing_and_post_once(pair, start, shared, told):
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        two = [stack.enter_context(start(one, **shared)) for one in pair]
        alerts = [alert_json(fingerprint=f"f{n}") for n in range(10)]
        answers = list(pool.map(lambda n: two[n % 2].alert(*alerts), range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert two[0].alert(*alerts).json()["done"] == {"duplicate": 10}
    assert told() == [["Firing"]] * 10


def test_the_file_is_json_with_a_version(impl, start, shared, tmp_path):
    with start(impl, **shared) as threader:
        threader.alert(alert_json())
        threader.alert(alert_json("resolved", fingerprint="b"))
    content = json.loads((tmp_path / "state" / "threads.json").read_text())
    assert content["version"] == 1
    assert list(content["incidents"]) == ["f1:20261123T220000.123456Z", "b:20261123T220000.123456Z"]
    record = content["incidents"]["f1:20261123T220000.123456Z"]
    assert record == {"status": "firing", "channel": "C00000001", "ts": "1700000000.000000", "at": record["at"]}
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"threads.json", "threads.json.lock"}


def test_what_was_changed_last_is_last_in_the_file(impl, start, shared, tmp_path):
    with start(impl, **shared) as threader:
        for name, status in (("a", "firing"), ("b", "firing"), ("a", "resolved")):
            threader.alert(alert_json(status, fingerprint=name))
    incidents = json.loads((tmp_path / "state" / "threads.json").read_text())["incidents"]
    assert [name.split(":")[0] for name in incidents] == ["b", "a"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "incidents": {"i": 5}}', b"\xff\xfe"])
def test_a_file_that_is_corrupt_is_moved_aside_and_told(impl, start, shared, tmp_path, content):
    path = tmp_path / "state" / "threads.json"
    path.parent.mkdir()
    path.write_bytes(content)
    with start(impl, **shared) as threader:
        assert threader.alert(alert_json()).json()["done"] == {"opened": 1}
    (aside,) = path.parent.glob("threads.json.corrupt-*")
    assert aside.read_bytes() == content
    (line,) = [line for line in threader.lines() if line["level"] == "error"]
    assert line["msg"] == "the thread store was corrupt; open incidents get a new thread"
    assert (line["file"], line["moved_to"]) == (str(path), str(aside))


def test_nothing_is_written_through_a_link(impl, start, shared, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "threads.json.new").symlink_to(precious)
    with start(impl, **shared) as threader:
        assert threader.alert(alert_json()).status_code == 200
    assert precious.read_text() == "mine"


def test_a_disk_that_takes_nothing_makes_it_sick_and_nothing_is_posted(impl, start, shared, tmp_path, slack):
    with start(impl, **shared) as threader:
        (tmp_path / "state").rename(tmp_path / "gone")
        answer = threader.alert(alert_json())
        assert (answer.status_code, answer.json()["done"]) == (503, {})
        wait_until(lambda: threader.get("/health").status_code == 503, 5)  # an answer of the store counts for 1 s
        assert threader.get("/health").json()["status"] == "broken"
        assert threader.metrics()["threader_health_status"] == 0
        (tmp_path / "gone").rename(tmp_path / "state")
        assert slack.standin.calls["chat.postMessage"] == 0
        assert threader.alert(alert_json()).status_code == 200
