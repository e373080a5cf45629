"""What every store promises, run on all of them, then what only some promise."""

from __future__ import annotations

import json
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.python.harness import RememberingSlack, alert, deliverer
from threader.incidents import Thread
from threader.store import StoreError
from threader.store import file as file_module
from threader.store.file import FileStore
from threader.store.memory import MemoryStore
from threader.store.redis import RedisStore

FIRING = Thread("firing", "C1", "1.000001")


@pytest.fixture(params=["memory", "file", "redis"])
def pair(request, tmp_path):
    """A function that makes stores over the same place (memory: always the same one)."""
    if request.param == "memory":
        store = MemoryStore(3600)
        return lambda ttl=3600: store if ttl == 3600 else MemoryStore(ttl)
    if request.param == "file":
        return lambda ttl=3600: FileStore(tmp_path / "threads.json", ttl)
    url = request.getfixturevalue("redis_url")
    return lambda ttl=3600: RedisStore(url, f"{tmp_path}:", ttl)


def test_what_one_puts_another_gets(pair):
    one, other = pair(), pair()
    assert other.get("i") is None
    one.put("i", FIRING)
    assert other.get("i") == FIRING
    other.put("i", Thread("resolved", "C1", None))
    assert one.get("i") == Thread("resolved", "C1", None)
    assert one.get("another") is None


def test_an_incident_is_forgotten_after_its_time(pair):
    store = pair(0.05)
    store.put("i", FIRING)
    time.sleep(0.1)
    assert store.get("i") is None


def test_a_working_store_says_so(pair):
    pair().check()


def test_a_claim_keeps_others_out_until_it_ends(pair):
    one, other, order = pair(), pair(), []

    def second():
        with other.claim("i"):
            order.append("second")

    with one.claim("i"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.15)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_an_incident_that_many_get_at_the_same_time_is_one_thread(pair):
    slack = RememberingSlack()
    crowd = [deliverer(slack, pair()) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda d: d.deliver((alert(), alert("resolved", fingerprint="g"))), crowd))
    assert all(report.complete for report in reports)
    assert sorted(slack.told()) == sorted({*slack.told()})
    assert len(slack.posts) == 2


def test_a_claim_that_nobody_gives_back_is_an_error_and_not_a_hang(pair, monkeypatch):
    for module in ("memory", "file", "redis"):
        monkeypatch.setattr(f"threader.store.{module}.CLAIM_WAIT", 0.2)
    one, other = pair(), pair()
    with one.claim("i"), pytest.raises(StoreError, match="held"), other.claim("i"):
        pass


# --- file


def test_a_change_keeps_what_another_process_has_changed_meanwhile(tmp_path):
    one, other = FileStore(tmp_path / "threads.json", 3600), FileStore(tmp_path / "threads.json", 3600)
    one.put("i", FIRING)
    other.put("j", FIRING)
    assert (one.get("i"), one.get("j")) == (FIRING, FIRING)


def test_the_file_is_private_and_the_folder_is_made(tmp_path):
    store = FileStore(tmp_path / "new" / "threads.json", 3600)
    with store.claim("i"):
        store.put("i", FIRING)
    assert stat.S_IMODE((tmp_path / "new" / "threads.json").stat().st_mode) == 0o600
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["threads.json", "threads.json.lock"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "incidents": {"i": 5}}', b"\xff\xfe"])
def test_a_corrupt_file_is_moved_aside_and_told(tmp_path, content, caplog):
    path = tmp_path / "threads.json"
    path.write_bytes(content)
    store = FileStore(path, 3600)
    assert store.get("i") is None
    store.put("i", FIRING)
    (aside,) = tmp_path.glob("threads.json.corrupt-*")
    assert aside.read_bytes() == content
    assert "the thread store was corrupt" in caplog.text
    assert FileStore(path, 3600).get("i") == FIRING


def test_a_crash_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    store = FileStore(tmp_path / "threads.json", 3600)
    store.put("i", FIRING)
    monkeypatch.setattr(file_module.os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(StoreError, match="No space left"):
        store.put("i", Thread("resolved", "C1", "1"))
    with pytest.raises(StoreError, match="No space left"):
        store.check()
    monkeypatch.undo()
    assert FileStore(tmp_path / "threads.json", 3600).get("i") == FIRING


def test_nothing_is_written_through_a_link(tmp_path):
    target = tmp_path / "precious"
    target.write_text("mine")
    (tmp_path / "threads.json.new").symlink_to(target)
    FileStore(tmp_path / "threads.json", 3600).put("i", FIRING)
    assert target.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        FileStore(tmp_path / "file" / "threads.json", 3600)


def test_the_file_does_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(file_module, "MAX_INCIDENTS", 3)
    store = FileStore(tmp_path / "threads.json", 3600)
    for n in range(5):
        store.put(f"i{n}", FIRING)
    assert list(json.loads((tmp_path / "threads.json").read_text())["incidents"]) == ["i2", "i3", "i4"]


# --- Redis


def test_redis_that_is_away_is_an_error_without_its_password():
    store = RedisStore("redis://:hunter2@127.0.0.1:1", "p:", 3600)
    for call in (store.check, lambda: store.get("i"), lambda: store.put("i", FIRING)):
        with pytest.raises(StoreError, match="Redis") as caught:
            call()
        assert "hunter2" not in str(caught.value)


def test_a_foreign_value_in_redis_is_told_and_replaced(redis_url, caplog):
    import redis

    redis.Redis.from_url(redis_url).set("p9:incident:i", "not json")
    store = RedisStore(redis_url, "p9:", 3600)
    assert store.get("i") is None
    assert "holds no thread" in caplog.text
    store.put("i", FIRING)
    assert store.get("i") == FIRING


def test_keys_in_redis_expire_by_themselves(redis_url):
    import redis

    RedisStore(redis_url, "p8:", 100).put("i", FIRING)
    assert 90_000 < redis.Redis.from_url(redis_url).pttl("p8:incident:i") <= 100_000
