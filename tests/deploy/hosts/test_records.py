"""What a host remembers: whole or not at all, and who may write, by the host's own clock."""

import errno
import io
import json
import multiprocessing
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deploy.hosts.conftest import Clock, load


@pytest.fixture
def records(tmp_path, monkeypatch):
    module = load("records")
    (tmp_path / "boot_id").write_text("first\n")
    for name, value in {
        "DATA": tmp_path / "data",
        "RUN": tmp_path / "run",
        "BOOT": tmp_path / "boot_id",
        "time": Clock(),
    }.items():
        monkeypatch.setattr(module, name, value)
    module.DATA.mkdir()
    return module


def take(records, token, seconds="45", by="somebody"):
    return records.lease(token, seconds, by, "deploy")


def stored(records):
    return json.loads((records.DATA / "lease.json").read_text())


def no_room(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


# --- files


@pytest.mark.parametrize("call", ["fsync", "open"])
def test_a_file_that_can_not_be_written_stays_as_it_was_and_leaves_nothing_beside_it(records, monkeypatch, call):
    path = records.DATA / "file"
    records.write(path, "old")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(*((os, "fsync") if call == "fsync" else (type(path), "open")), no_room)
        records.write(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_line_is_added_whole_also_after_half_a_line(records):
    path = records.DATA / "lines"
    records.append(path, "one")
    records.append(path, "two")
    with path.open("a") as file:
        file.write("half")
    records.append(path, "three")
    assert path.read_text() == "one\ntwo\nhalf\nthree\n"


def test_a_line_for_which_there_is_no_room_leaves_no_part(records, monkeypatch):
    path, write = records.DATA / "lines", os.write
    records.append(path, "one")
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:2]))
    with pytest.raises(OSError, match="no room for a line"):
        records.append(path, "two")
    assert path.read_text() == "one\n"


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", "\0", '{"a": 1', "[" * 100000])
def test_what_is_absent_or_spoilt_reads_as_nothing(records, text):
    if text is not None:
        (records.DATA / "file").write_text(text)
    assert records.read(records.DATA / "file") == {}


# --- locks


def test_a_lock_is_had_by_one_and_can_be_seen_by_all(records):
    with records.locked("py-a") as mine, records.locked("py-a", wait=False) as others:
        assert (mine, others) == (True, False)
    with records.locked("py-a", wait=False) as free:
        assert free
    assert f"{(records.RUN / 'py-a.lock').stat().st_mode & 0o777:o}" == "644"


def test_what_fails_under_a_lock_is_not_taken_for_a_lock_that_somebody_has(records):
    with pytest.raises(BlockingIOError), records.locked("py-a"):
        raise BlockingIOError
    with records.locked("py-a", wait=False) as free:
        assert free


def hold(folder, ready, end):
    module = load("records")
    module.RUN = folder
    with module.locked("py-a"):
        ready.set()
        end.wait(10)


def test_a_lock_ends_with_its_process(records):
    spawn = multiprocessing.get_context("fork")
    ready, end = spawn.Event(), spawn.Event()
    process = spawn.Process(target=hold, args=(records.RUN, ready, end))
    process.start()
    assert ready.wait(10)
    with records.locked("py-a", wait=False) as free:
        assert not free
    process.kill()
    process.join()
    with records.locked("py-a", wait=False) as free:
        assert free


# --- the lease


def test_a_lease_says_who_has_it_and_for_what(records):
    assert take(records, "7:me") == {"state": "granted"}
    found = stored(records)
    assert found.pop("since").endswith("Z")
    assert found == {
        "token": "7:me",
        "by": "somebody",
        "purpose": "deploy",
        "seconds": 45.0,
        "renewed": 0.0,
        "boot": "first",
        "released": False,
    }


def test_another_gets_a_live_lease_neither_with_a_higher_counter_nor_with_a_lower_one(records):
    take(records, "7:me", by="first")
    held = take(records, "8:you")
    assert (held["state"], held["lease"]["by"], held["lease"]["token"]) == ("held", "first", "7:me")
    assert take(records, "6:you") == {
        "state": "superseded",
        "counter": 7,
        "reason": f"first has the fleet for a deploy (r7) since {stored(records)['since']}",
    }


@pytest.mark.parametrize(("later", "state"), [(44.9, "held"), (45.0, "granted"), (10000.0, "granted")])
def test_a_lease_that_is_not_renewed_in_time_is_anothers_to_take(records, later, state):
    take(records, "7:me")
    records.time.now = later
    assert take(records, "8:you")["state"] == state


def test_a_lease_that_is_renewed_is_held_on_and_its_beginning_stays(records, monkeypatch):
    take(records, "7:me")
    since = stored(records)["since"]
    monkeypatch.setattr(records, "utc", lambda: "later")
    for records.time.now in (30.0, 60.0, 90.0):
        assert take(records, "7:me") == {"state": "granted"}
        assert take(records, "8:you")["state"] == "held"
    assert stored(records)["since"] == since


def test_who_was_superseded_stays_so(records):
    take(records, "7:me")
    records.time.now = 100.0
    take(records, "8:you")
    records.time.now = 1000.0
    assert (take(records, "7:me")["state"], take(records, "7:me")["counter"]) == ("superseded", 8)


def test_a_lease_of_an_earlier_boot_is_nobodys(records):
    take(records, "7:me")
    records.BOOT.write_text("second\n")
    assert take(records, "8:you")["state"] == "granted"


def test_a_clock_that_went_back_makes_no_lease_eternal(records):
    records.time.now = 1000.0
    take(records, "7:me")
    records.time.now = 0.0
    assert take(records, "8:you")["state"] == "granted"


def test_a_controller_that_counts_on_takes_its_own_lease(records):
    take(records, "7:me")
    assert take(records, "8:me") == {"state": "granted"}


def test_a_lease_that_was_given_back_is_anothers_to_take_with_a_higher_counter(records):
    take(records, "7:me")
    assert records.release("7:me") == {"state": "released"}
    assert take(records, "6:you")["state"] == "superseded"
    assert take(records, "8:you")["state"] == "granted"


@pytest.mark.parametrize("who", ["a", "z"])
def test_an_equal_counter_is_no_higher_one_whoever_has_it(records, who):
    take(records, "7:me")
    records.release("7:me")
    assert take(records, f"7:{who}")["state"] == "superseded"


def test_who_was_superseded_gives_nothing_back(records):
    take(records, "7:me")
    records.time.now = 100.0
    take(records, "8:you")
    assert records.release("7:me")["state"] == "superseded"
    assert take(records, "9:them")["state"] == "held"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"token": "x"}', '{"token": "7:me"}', '{"token": "7:me", "renewed": "a", "seconds": 1}']
)
def test_a_spoilt_lease_is_none(records, text):
    (records.DATA / "lease.json").write_text(text)
    with records.writing("7:me") as refusal:
        assert refusal["state"] == "superseded"
    assert take(records, "1:you") == {"state": "granted"}


@pytest.mark.parametrize("token", ["", ":", "7", "7:", ":me", "-1:me", "x:me", "7.5:me", "²:me"])
def test_what_is_no_token_gets_no_lease(records, token):
    with pytest.raises(ValueError, match="is no token"):
        take(records, token)


def test_tokens_are_ordered_by_their_counter_as_a_number(records):
    take(records, "9:me")
    records.release("9:me")
    assert take(records, "10:you")["state"] == "granted"


def test_while_somebody_writes_nobody_else_gets_the_lease(records):
    take(records, "7:me")
    with records.writing("7:me") as refusal, records.locked(".lease", wait=False) as free:
        assert (refusal, free) == (None, False)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("lease", "release", "write", "later", "reboot")),
        st.integers(1, 4),
        st.sampled_from(("me", "you", "them")),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_happens_only_the_last_to_get_the_lease_may_write_and_its_rank_only_grows(tmp_path_factory, steps):
    module, folder = load("records"), tmp_path_factory.mktemp("host")
    module.DATA, module.RUN, module.BOOT, module.time = folder, folder, folder / "boot_id", Clock()
    module.BOOT.write_text("0")
    holder = None
    for verb, counter, who in steps:
        token = f"{counter}:{who}"
        if verb == "lease" and module.lease(token, "45", who, "deploy")["state"] == "granted":
            assert holder is None or module.rank(token) >= module.rank(holder)
            holder, given_back = token, False
        elif verb == "release" and module.release(token)["state"] == "released":
            assert token == holder
            given_back = True
        elif verb == "write":
            with module.writing(token) as refusal:
                assert (refusal is None) == (token == holder and not given_back)
        elif verb == "later":
            module.time.now += 20
        elif verb == "reboot":
            module.BOOT.write_text(f"{module.BOOT.read_text()}0")


# --- the list of rollouts


def noted(records):
    return [json.loads(line) for line in (records.DATA / "rollouts.jsonl").read_text().splitlines()]


def test_records_of_rollouts_are_kept_in_their_order_and_only_so_many(records, monkeypatch):
    monkeypatch.setattr(records, "KEPT", 3)
    for number in range(5):
        assert records.note(json.dumps({"id": f"r{number}"})) == {"state": "noted"}
    assert [each["id"] for each in noted(records)] == ["r2", "r3", "r4"]


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_what_is_no_record_is_not_noted(records, text):
    assert records.note(text)["state"] == "failed"
    assert not (records.DATA / "rollouts.jsonl").exists()


def test_a_record_is_one_line_whatever_is_in_it(records):
    records.note(json.dumps({"id": "r1", "reason": "two\nlines"}, indent=2))
    records.note('{"id": "r2"}')
    assert noted(records) == [{"id": "r1", "reason": "two\nlines"}, {"id": "r2"}]


def test_on_a_full_disk_the_list_stays_as_it_was(records, monkeypatch):
    records.note('{"id": "r1"}')
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, "fsync", no_room)
        records.note('{"id": "r2"}')
    assert [each["id"] for each in noted(records)] == ["r1"]


def test_a_list_that_was_spoilt_by_hand_takes_another_record(records):
    (records.DATA / "rollouts.jsonl").write_bytes(b"\xff\xfe\n\n{")
    records.note('{"id": "r1"}')
    assert (records.DATA / "rollouts.jsonl").read_text().splitlines()[-1] == '{"id":"r1"}'


# --- what a rollout did, and what is wanted of it


def test_what_a_rollout_did_is_replaced_as_a_whole_under_its_own_number(records):
    take(records, "7:me")
    assert records.story("7:me", '{"state": "running"}') == {"state": "written"}
    assert records.story("7:me", '{"state": "held"}') == {"state": "written"}
    assert {path.name: json.loads(path.read_text()) for path in records.stories()} == {"r7.json": {"state": "held"}}


def test_it_may_come_by_standard_input(records, monkeypatch):
    take(records, "7:me")
    monkeypatch.setattr(records.sys, "stdin", io.StringIO('{"state": "held"}\n'))
    assert records.story("7:me") == {"state": "written"}
    assert records.newest() == {"state": "held"}


def test_the_last_twenty_are_kept_and_the_newest_is_that_of_the_highest_number(records):
    for number in range(1, 26):
        take(records, f"{number}:me")
        records.story(f"{number}:me", json.dumps({"number": number}))
    assert [path.stem for path in records.stories()] == [f"r{number}" for number in range(6, 26)]
    assert records.newest() == {"number": 25}


@pytest.mark.parametrize("text", ["", "[]", "null", "{"])
def test_what_is_no_object_is_no_story_and_no_request(records, text):
    take(records, "7:me")
    for call in (lambda: records.story("7:me", text), lambda: records.request(text)):
        with pytest.raises(ValueError, match=r"object|Expecting"):
            call()
    assert records.stories() == []


def test_who_may_not_write_tells_no_story(records):
    take(records, "7:me")
    records.release("7:me")
    assert records.story("7:me", "{}")["state"] == "superseded"
    assert records.newest() == {}


WANTED = {"rollout": "r7", "verb": "abort", "by": "alice@ci", "at": "2026-01-02T03:04:05Z"}


def test_what_is_wanted_of_a_rollout_is_told_to_that_one(records):
    assert records.request(json.dumps(WANTED)) == {"state": "requested"}
    assert records.ask("7:me") == {"state": "asked", "request": WANTED}
    assert records.ask("8:me") == {"state": "asked", "request": None}
    assert take(records, "7:me") == {"state": "granted"}


def test_when_it_was_wanted_is_known_in_any_case(records):
    records.request('{"rollout": "r7", "verb": "abort", "by": "alice@ci"}')
    assert records.ask("7:me")["request"]["at"].endswith("Z")


@pytest.mark.parametrize("change", [{"verb": "promote"}, {"verb": None}, {"rollout": "7"}, {"rollout": "r7/../x"}])
def test_what_can_not_be_wanted_is_refused(records, change):
    assert records.request(json.dumps({**WANTED, **change}))["state"] == "failed"
    assert records.ask("7:me")["request"] is None
