import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.cli import locks
from deploy.cli.errors import CliError
from deploy.cli.locks import Lock, clear_stale, dead, folder_of, held
from deploy.cli.processes import Machine

BOOTED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BOOTED + timedelta(days=1)


def machine(gone="there is no such process"):
    return Machine("here", BOOTED, lambda pid, name: gone)


def lock(**changes):
    return Lock(**{"path": Path("x"), "user": "ann", "host": "here", "pid": 42, "since": NOW, **changes})


def test_an_owner_whose_process_is_gone_is_dead():
    assert dead(lock(), machine()) == "there is no such process"


def test_an_owner_that_runs_is_not_dead():
    assert dead(lock(), machine(gone=None)) is None


def test_an_owner_on_another_machine_is_never_dead_for_us():
    assert dead(lock(host="there"), machine()) is None
    assert dead(lock(host="there", since=BOOTED - timedelta(days=1)), machine()) is None


def test_an_owner_from_before_the_boot_is_dead_whatever_has_its_number_now():
    assert dead(lock(since=BOOTED - timedelta(hours=1)), machine(gone=None)) == "this machine has booted since"


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:///a/b", "/a/b"),
        ("file:///a/with%20space?no_tmp_dir=true", "/a/with space"),
        ("file://~", str(Path.home())),
        ("s3://bucket", None),
        ("https://api.pulumi.com/ann", None),
    ],
)
def test_only_file_backends_have_a_folder_of_locks(url, folder):
    assert folder_of(url, "dev") == (folder and Path(folder) / ".pulumi/locks/organization/alert-threader/dev")


@pytest.fixture
def folder(tmp_path, world, monkeypatch):
    world.url = tmp_path.as_uri()
    made = folder_of(world.url, "dev")
    made.mkdir(parents=True)
    monkeypatch.setattr(locks, "this_machine", machine)
    return made


def write(folder, host="here", name="aa"):
    content = {"pid": 42, "username": "ann", "hostname": host, "timestamp": "2026-01-02T00:00:00.123456789Z"}
    (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / f"{name}.json.attrs").write_text("{}")


def test_a_lock_is_read_as_pulumi_writes_it(folder):
    write(folder)
    assert list(held(folder)) == [lock(path=folder / "aa.json")]


def test_a_dead_owners_lock_is_cleared_and_told(folder, capfd):
    write(folder)
    clear_stale("dev")
    assert list(folder.iterdir()) == []
    assert capfd.readouterr().out == (
        "cleared the lock of ann@here, process 42, since 2026-01-02 00:00:00 UTC: there is no such process\n"
    )


def test_a_lock_in_doubt_stays_and_its_owner_is_named(folder):
    write(folder, host="there")
    with pytest.raises(CliError, match=r"locked by ann@there, process 42, since .* pulumi cancel --stack dev"):
        clear_stale("dev")
    assert len(list(folder.iterdir())) == 2


def test_a_lock_that_is_half_written_is_left_to_pulumi(folder):
    (folder / "aa.json").write_text("{")
    clear_stale("dev")
    assert len(list(folder.iterdir())) == 1
