"""The second slot of an instance: what it ran goes on there, as an instance of its own, and nothing of it is left."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.hosts.conftest import seal

SLOT, TOKEN = "py-a--prev", "7:me"
UNIT = f"alert-threader@{SLOT}.service"
WANTS = f"units/multi-user.target.wants/{UNIT}"
SETTINGS = {"health": "http://127.0.0.1:9009/health", "ready": "http://[::1]:9009/ready", "port": 9009, "deadline": 30}
ENV = """\
BIND_PORT="9009"
INSTANCE="py-a"
SECRET="s\\"x"
THREAD_STORE_FILE="{data}/py-a/data/threads.json"
"""


@pytest.fixture
def kept(host, monkeypatch):
    """py-a runs 1.0-a, which has all that a generation has; a lease is ours, and `ran` is what was started."""
    host.ran = []

    def run(words, **_):
        host.ran.append(words)
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(host.helper.slot.subprocess, "run", run)
    folder = host.generation("1.0-a")
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    (folder / "env").write_text(ENV.format(data=host.data))
    (folder / "env").chmod(0o600)
    (folder / "unit.conf").write_text("[Unit]\nDescription=Alert threader py-a (python)\n")
    (folder / "MANIFEST.sha256").unlink()
    seal(folder)
    host.helper.point("py-a", "1.0-a")
    host.slot = host.data / SLOT
    assert call(host, "lease", TOKEN, "45", "me", "deploy") == {"state": "granted"}
    return host


def call(host, verb, *words):
    return host.helper.VERBS[verb](*words)


def keep(host, token=TOKEN):
    return call(host, "keep", "py-a", "10009", token)


def running(host):
    """The slot is kept, and its generation activated."""
    assert keep(host)["state"] == "kept"
    host.helper.point(SLOT, "1.0-a")


def root(host):
    return host.data.parent


def everything(host):
    """All files and links, by their names below the root."""
    paths = (path for path in root(host).rglob("*") if not path.is_dir() or path.is_symlink())
    return {str(path.relative_to(root(host))) for path in paths}


def test_what_an_instance_runs_is_laid_ready_beside_it_with_a_port_and_a_name_of_its_own(kept):
    assert keep(kept) == {"state": "kept", "generation": "1.0-a"}
    folder = kept.slot / "generations" / "1.0-a"
    found = json.loads((folder / "settings.json").read_text())
    assert found == {
        **SETTINGS,
        "port": 10009,
        "health": "http://127.0.0.1:10009/health",
        "ready": "http://[::1]:10009/ready",
    }
    own = ENV.replace("9009", "10009").replace('INSTANCE="py-a"', f'INSTANCE="{SLOT}"').replace("/py-a/", f"/{SLOT}/")
    assert (folder / "env").read_text() == own.format(data=kept.data)
    assert (folder / "unit.conf").read_text() == f"[Unit]\nDescription=Alert threader {SLOT} (python)\n"
    assert kept.helper.damage(SLOT, "1.0-a") is None
    assert kept.helper.current(SLOT) is None  # which a switch is to change


def test_nothing_of_the_instance_itself_is_touched(kept):
    def state():
        paths = sorted(kept.folder.rglob("*"))
        return [(str(path), os.lstat(path).st_ctime_ns, os.lstat(path).st_nlink) for path in paths]

    before = state()
    keep(kept)
    assert state() == before
    assert not kept.did("start", "restart", "stop") or all("py-a--prev" in words[-1] for words in kept.did("stop"))


def test_its_secrets_are_never_to_be_read_by_others(kept, monkeypatch):
    seen = []
    copy = kept.helper.slot.shutil.copyfile

    def look(source, target, **more):
        copy(source, target, **more)
        seen.append(stat.S_IMODE(Path(target).stat().st_mode) & 0o077)
        return target

    monkeypatch.setattr(kept.helper.slot.shutil, "copyfile", look)
    keep(kept)
    folder = kept.slot / "generations" / "1.0-a"
    assert set(seen) == {0}
    assert stat.S_IMODE((folder / "env").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "release" / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE(folder.stat().st_mode) & 0o055 == 0o055


def test_its_links_are_those_of_any_instance(kept):
    keep(kept)
    assert str((root(kept) / f"etc/{SLOT}.env").readlink()) == f"{kept.slot}/current/env"
    assert str((root(kept) / f"units/{UNIT}.d/generation.conf").readlink()) == f"{kept.slot}/current/unit.conf"
    assert str((root(kept) / WANTS).readlink()) == f"{root(kept)}/units/alert-threader@.service"


def test_what_the_slot_runs_already_is_left_as_it_is_and_what_it_had_before_goes(kept):
    running(kept)
    home = kept.slot / "generations"
    (home / "0.9-z").mkdir()
    before = (home / "1.0-a").stat().st_ino
    assert keep(kept)["state"] == "kept"
    assert [path.name for path in home.iterdir()] == ["1.0-a"]
    assert (home / "1.0-a").stat().st_ino == before
    assert call(kept, "keep", "py-a", "10010", TOKEN)["state"] == "kept"
    assert json.loads((home / "1.0-a" / "settings.json").read_text())["port"] == 10010
    assert [path.name for path in home.iterdir()] == ["1.0-a"]


def spoilt(host):
    (host.folder / "generations" / "1.0-a" / "release" / "run").write_text("#!/bin/bad\n")


def pending(host):
    (host.folder / "pending.json").write_text("{}")


def empty(host):
    host.helper.point("py-a", None)


def at_work(host):
    host.alive_slot = "active"


def unreadable(host):
    folder = host.folder / "generations" / "1.0-a"
    (folder / "settings.json").write_text("{")
    (folder / "MANIFEST.sha256").unlink()
    seal(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (spoilt, "generation 1.0-a is damaged: release/run"),
        (pending, "what py-a runs is not confirmed yet"),
        (empty, "nothing is activated"),
        (at_work, "another activation of its slot is under way"),
        (unreadable, "Expecting property name"),
    ],
)
def test_what_can_not_go_on_is_refused_and_leaves_nothing(kept, change, reason, capsys):
    change(kept)
    kept.helper.main(["keep", "py-a", "10009", TOKEN])
    answer = json.loads(capsys.readouterr().out)
    assert answer["state"] == "failed"
    assert reason in answer["reason"]
    assert not kept.slot.exists()


def test_a_slot_has_no_slot(kept):
    running(kept)
    assert call(kept, "keep", SLOT, "11009", TOKEN) == {"state": "failed", "reason": f"{SLOT} is a slot itself"}


def test_on_a_full_disk_nothing_is_left_of_it(kept, monkeypatch):
    def no_room(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept.helper.slot.shutil, "copytree", no_room)
    before = everything(kept)
    kept.helper.main(["keep", "py-a", "10009", TOKEN])
    assert everything(kept) - before <= {f"run/{SLOT}.lock", "run/.lease.lock"}


@pytest.mark.parametrize(
    ("verb", "words"), [("keep", ("py-a", "10009")), ("drop", (SLOT,)), ("warm", (SLOT, "60")), ("story", ())]
)
def test_who_was_superseded_changes_nothing(kept, verb, words):
    running(kept)
    call(kept, "release", TOKEN)
    call(kept, "lease", "8:other", "45", "other", "deploy")
    before = everything(kept)
    more = ("{}",) if verb == "story" else ()
    assert call(kept, verb, *words, TOKEN, *more)["state"] == "superseded"
    assert everything(kept) == before


def test_who_is_superseded_while_a_copy_is_made_changes_nothing(kept, monkeypatch):
    copied = kept.helper.slot.copied

    def slowly(*words):
        made = copied(*words)
        call(kept, "release", TOKEN)
        return made

    monkeypatch.setattr(kept.helper.slot, "copied", slowly)
    assert keep(kept)["state"] == "superseded"
    assert list((kept.slot / "generations").iterdir()) == []


# --- its end


def test_a_slot_that_is_dropped_is_stopped_and_leaves_nothing(kept):
    before = everything(kept)
    running(kept)
    (kept.slot / "data").mkdir()
    (kept.slot / "data" / "threads.json").write_text("{}")
    kept.asked.clear()
    assert call(kept, "drop", SLOT, TOKEN) == {"state": "dropped", "reason": None}
    assert ("stop", UNIT) in kept.asked
    assert kept.asked[-1] == ("daemon-reload",)
    assert everything(kept) - before == {f"run/{SLOT}.lock", f"run/{SLOT}.never"}
    assert not kept.slot.exists()
    assert call(kept, "drop", SLOT, TOKEN)["state"] == "dropped"


@pytest.mark.parametrize("name", ["py-a", "--prev", "../x--prev"])
def test_nothing_but_a_slot_is_ever_dropped(kept, name):
    before = everything(kept)
    assert call(kept, "drop", name, TOKEN) == {"state": "failed", "reason": f"{name} is no slot"}
    assert call(kept, "warm", name, "60", TOKEN)["state"] == "failed"
    assert everything(kept) == before


def test_a_switch_in_it_ends_without_going_back(kept):
    running(kept)
    kept.alive_slot = "active"
    (kept.slot / "pending.json").write_text("{}")
    assert call(kept, "drop", SLOT, TOKEN)["state"] == "dropped"
    assert ("stop", f"alert-threader-activate-{SLOT}.service") in kept.asked


def test_one_that_can_not_be_stopped_stays_and_does_not_start_at_boot(kept):
    running(kept)
    kept.stuck, kept.alive_slot = True, "inactive"
    systemctl = kept.helper.systemctl
    states = iter(("inactive", "active"))
    kept.helper.slot.systemctl = lambda *words: (
        subprocess.CompletedProcess(words, 0, next(states), "") if words[0] == "is-active" else systemctl(*words)
    )
    kept.helper.slot.alive = lambda slot: False
    next(states)
    answer = call(kept, "drop", SLOT, TOKEN)
    assert (answer["state"], answer["reason"]) == ("failed", f"systemd could not stop {UNIT}: Job failed.")
    assert kept.slot.exists()
    assert not (root(kept) / WANTS).is_symlink()


def test_under_the_lease_under_which_it_was_dropped_it_never_comes_back(kept):
    assert call(kept, "drop", SLOT, TOKEN)["state"] == "dropped"
    assert keep(kept) == {"state": "failed", "reason": "the controller dropped it before"}
    call(kept, "lease", "8:me", "45", "me", "deploy")
    assert keep(kept, "8:me")["state"] == "kept"


# --- warm


def warmed(host, seconds="60"):
    running(host)
    return call(host, "warm", SLOT, seconds, TOKEN)


def test_a_warm_slot_does_not_start_at_the_next_boot_and_has_a_timer(kept):
    assert warmed(kept) == {"state": "warm", "reason": None}
    assert not (root(kept) / WANTS).is_symlink()
    (words,) = kept.ran
    assert words[0] == "systemd-run"
    assert f"--unit=alert-threader-warm-{SLOT}" in words
    assert "--on-active=60" in words
    assert words[-2:] == ["expire", SLOT]


def test_it_goes_when_its_time_is_over(kept):
    warmed(kept)
    call(kept, "release", TOKEN)
    call(kept, "expire", SLOT)
    assert not kept.slot.exists()


@pytest.mark.parametrize("state", ["lease", "running", "held"])
def test_it_waits_for_a_rollout_that_is_not_decided(kept, state, monkeypatch):
    warmed(kept)
    if state != "lease":
        call(kept, "story", TOKEN, json.dumps({"state": state}))
        call(kept, "release", TOKEN)
    naps = []

    def sleep(seconds):
        naps.append(kept.slot.exists())
        kept.helper.slot.time.now += seconds
        if len(naps) == 3:
            call(kept, "lease", "8:me", "45", "me", "deploy")
            call(kept, "story", "8:me", json.dumps({"state": "done"}))
            call(kept, "release", "8:me")

    monkeypatch.setattr(kept.helper.slot.time, "sleep", sleep)
    call(kept, "expire", SLOT)
    assert naps == [True] * 3
    assert not kept.slot.exists()


def test_one_that_is_needed_again_is_not_removed(kept):
    warmed(kept)
    assert keep(kept)["state"] == "kept"
    assert (root(kept) / WANTS).is_symlink()
    assert ("stop", f"alert-threader-warm-{SLOT}.timer", f"alert-threader-warm-{SLOT}.service") in kept.asked
    call(kept, "release", TOKEN)
    call(kept, "expire", SLOT)  # which was about to begin
    assert kept.slot.exists()


def test_what_is_not_there_can_not_be_kept_warm(kept):
    assert call(kept, "warm", SLOT, "60", TOKEN) == {"state": "failed", "reason": "nothing is activated"}


# --- boot


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (lambda host: None, True),
        (lambda host: call(host, "warm", SLOT, "60", TOKEN), False),
        (lambda host: host.helper.point(SLOT, None), False),
    ],
)
def test_at_boot_only_slots_that_serve_stay(kept, change, stays):
    running(kept)
    change(kept)
    kept.asked.clear()
    call(kept, "settle")
    assert kept.slot.exists() == stays
    assert (root(kept) / WANTS).is_symlink() == stays
    assert kept.did("stop") == ([] if stays else [("stop", "--no-block", UNIT)])


def test_a_switch_of_a_slot_that_a_boot_cut_off_is_undone_and_the_slot_goes(kept):
    running(kept)
    (kept.slot / "pending.json").write_text(
        json.dumps({"from": None, "to": "1.0-a", "by": "me", "token": TOKEN, "purpose": "deploy"})
    )
    call(kept, "settle")
    assert not kept.slot.exists()


def test_a_survey_of_everything_has_slots_as_what_they_are(kept):
    running(kept)
    assert call(kept, "survey") == {"py-a": None, SLOT: None}
