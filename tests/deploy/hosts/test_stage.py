"""Staging: a generation is there whole or not at all, is what was asked for, and nothing that is needed is pruned."""

import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import tarfile
import threading

import pytest

from tests.deploy.hosts.conftest import HELPERS, load

FILES = {
    "env": ['A="1"\n', "0600"],
    "settings.json": ["{}\n", "0644"],
    "unit.conf": ["[Unit]\n", "0644"],
}


def archive(path, *members):
    """A .tar.gz of members (name, text or None for a folder, mode, kind)."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text, mode, *kind in members:
            member = tarfile.TarInfo(name)
            member.mode, member.uid, member.gid = mode, 1234, 1234
            member.type = kind[0] if kind else tarfile.DIRTYPE if text is None else tarfile.REGTYPE
            member.linkname = "/etc/passwd" if kind else ""
            data = (text or "").encode()
            member.size = 0 if kind else len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


COMPILED = f"release/lib/__pycache__/a.{sys.implementation.cache_tag}.pyc"
RELEASE = (("run", "#!/bin/sh\n", 0o777), ("lib", None, 0o700), ("lib/a.py", "A = 1\n", 0o666))


class Staging:
    """The script's module on temporary folders, and a request to it."""

    def __init__(self, root, monkeypatch):
        self.module, self.monkeypatch = load("stage"), monkeypatch
        monkeypatch.setattr(self.module, "DATA", root / "data")
        self.folder = root / "data" / "py-a"
        self.home = self.folder / "generations"
        self.cache = root / "cache"
        self.home.mkdir(parents=True), self.cache.mkdir()
        self.artifact = archive(self.cache / "r.tar.gz", *RELEASE)

    def request(self, generation="1.0-a", **changes):
        sha256 = hashlib.sha256(self.artifact.read_bytes()).hexdigest()
        return {
            "instance": "py-a",
            "generation": generation,
            "artifact": str(self.artifact),
            "sha256": sha256,
            "files": FILES,
            "keep": 5,
            "repair": True,
            **changes,
        }

    def __call__(self, generation="1.0-a", **changes):
        line = json.dumps(self.request(generation, **changes)) + "\n"
        self.monkeypatch.setattr(self.module.sys, "stdin", io.StringIO(line))
        before = os.umask(0o077)
        try:
            self.module.main()
        finally:
            os.umask(before)
        return self.home / generation

    def names(self):
        return sorted(path.name for path in self.home.iterdir())


@pytest.fixture
def stage(tmp_path, monkeypatch):
    return Staging(tmp_path, monkeypatch)


def mode(path):
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


def test_a_generation_is_the_release_beside_its_files_and_their_checksums(stage):
    made = stage()
    found = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
    release = [COMPILED, "release/lib/a.py", "release/run"]
    assert found == ["MANIFEST.sha256", "env", *release, "settings.json", "unit.conf"]
    assert (made / "env").read_text() == 'A="1"\n'


def test_what_is_in_python_is_compiled_without_being_run_and_a_start_writes_nothing(stage):
    stage.artifact = archive(
        stage.cache / "p.tar.gz",
        ("lib/a.py", "print(__file__)\nraise SystemExit(3)\n", 0o644),
        ("lib/no.py", "this is no Python\n", 0o644),
    )
    made = stage()
    assert [str(path.relative_to(made)) for path in made.rglob("*.pyc")] == [COMPILED]
    assert (mode((made / COMPILED).parent), mode(made / COMPILED)) == ("0755", "0644")
    assert str(made / "release" / "lib" / "a.py").encode() in (made / COMPILED).read_bytes(), (
        "its place, not that before"
    )
    words = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-v",
        "-c",
        f"import sys; sys.path[:0] = ['{made}/release/lib']; import a",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"matches {made}/release/lib/a.py" in done.stderr


def test_the_service_can_read_its_release_whatever_the_modes_in_the_archive_and_the_umask(stage):
    made = stage()
    assert {mode(path) for path in (made, made / "release", made / "release" / "lib", made / "release" / "run")} == {
        "0755"
    }
    assert mode(made / "release" / "lib" / "a.py") == "0644"
    assert (mode(made / "env"), mode(made / "settings.json"), mode(made / "MANIFEST.sha256")) == (
        "0600",
        "0644",
        "0600",
    )


def test_the_checksums_are_those_that_sha256sum_checks(stage):
    made = stage()
    done = subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=made, check=False)
    assert done.returncode == 0


def test_what_is_staged_is_undamaged_in_the_eyes_of_who_activates_it_and_who_looks_at_it(stage, monkeypatch):
    stage()
    instance = load("instance")
    monkeypatch.setattr(instance, "DATA", stage.module.DATA)
    assert instance.damage("py-a", "1.0-a") is None
    if os.getuid() == 0:
        assert load("snapshot").generation(str(stage.home / "1.0-a"))["damaged"] == []


@pytest.mark.parametrize(
    "member",
    [
        ("../outside", "x", 0o644),
        ("lib/../../outside", "x", 0o644),
        ("/etc/outside", "x", 0o644),
        ("../release-beside/x", "x", 0o644),
        ("link", None, 0o777, tarfile.SYMTYPE),
        ("hard", None, 0o644, tarfile.LNKTYPE),
        ("pipe", None, 0o644, tarfile.FIFOTYPE),
        ("device", None, 0o644, tarfile.CHRTYPE),
    ],
)
def test_an_archive_with_a_member_that_is_no_plain_file_inside_it_is_refused_whole(stage, member):
    archive(stage.artifact, *RELEASE, member)
    with pytest.raises(SystemExit) as refusal:
        stage()
    assert f"the artifact holds {member[0]!r}" in str(refusal.value)
    assert not (stage.home / "1.0-a").exists()
    assert not list(stage.home.rglob("outside"))


def test_an_artifact_that_arrived_damaged_is_refused(stage):
    with pytest.raises(SystemExit) as refusal:
        stage(sha256="ab" * 32)
    assert "arrived damaged" in str(refusal.value)
    assert stage.names() == []


def test_staging_again_puts_an_edited_generation_right_and_leaves_nothing_beside_it(stage):
    made = stage()
    (made / "release" / "run").write_text("edited")
    (made / "release" / "more").write_text("more")
    stage()
    assert (made / "release" / "run").read_text() == "#!/bin/sh\n"
    assert stage.names() == ["1.0-a"]
    assert not (made / "release" / "more").exists()


def test_what_a_cut_left_behind_is_replaced(stage):
    for name in (".1.0-a.new", ".1.0-a.old"):
        (stage.home / name / "release").mkdir(parents=True)
    assert (stage() / "release" / "run").exists()
    assert stage.names() == ["1.0-a"]


def test_a_link_in_the_place_of_a_generation_is_replaced_and_what_it_leads_to_is_not_touched(stage, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    (stage.home / "1.0-a").symlink_to(tmp_path / "precious")
    made = stage()
    assert not made.is_symlink()
    assert (tmp_path / "precious" / "file").read_text() == "kept"


def test_an_instance_that_runs_this_very_generation_is_marked_for_a_restart(stage):
    (stage.folder / "current").symlink_to("generations/1.0-a")
    stage()
    assert (stage.folder / "repair-pending").exists()


def test_an_instance_that_runs_another_generation_is_not_disturbed(stage):
    (stage.folder / "current").symlink_to("generations/0.9-z")
    stage()
    assert not (stage.folder / "repair-pending").exists()
    assert (stage.folder / "current").readlink().name == "0.9-z"


def aged(stage, *names):
    """Generations, the first the oldest."""
    for age, name in enumerate(names):
        (stage.home / name).mkdir()
        os.utime(stage.home / name, (age, age))


def test_the_oldest_generations_beyond_the_limit_are_removed(stage):
    aged(stage, "g1", "g2", "g3", "g4")
    stage("g5", keep=3)
    assert stage.names() == ["g3", "g4", "g5"]


def test_no_generation_is_removed_within_the_limit(stage):
    aged(stage, "g1", "g2")
    stage("g3", keep=3)
    assert stage.names() == ["g1", "g2", "g3"]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_what_runs_what_is_pending_and_what_was_just_staged_is_never_removed(stage, keep):
    aged(stage, "current", "from", "to", "g1", "g2")
    (stage.folder / "current").symlink_to("generations/current")
    (stage.folder / "pending.json").write_text(json.dumps({"from": "from", "to": "to"}))
    stage("g3", keep=keep)
    assert stage.names() == ["current", "from", "g3", "to"]


def confirmed(*names, verdict="confirmed"):
    return "".join(json.dumps({"verdict": verdict, "to": name}) + "\n" for name in names)


def test_the_two_generations_that_were_confirmed_last_are_never_removed(stage):
    aged(stage, "c1", "c2", "c3", "g1", "g2")
    ledger = confirmed("c1", "c2", "c3", "c2") + confirmed("g1", verdict="failed") + confirmed(None, verdict="stopped")
    (stage.folder / "ledger.jsonl").write_text(ledger)
    stage("g3", keep=1)
    assert stage.names() == ["c2", "c3", "g3"]


def test_the_generation_that_goes_on_in_the_second_slot_is_never_removed(stage):
    for number in range(4):
        stage(f"g{number}")
    slot = stage.folder.with_name("py-a--prev")
    slot.mkdir()
    (slot / "current").symlink_to("generations/g1")
    stage("g4", keep=1)
    assert stage.names() == ["g1", "g4"]


def test_what_is_asked_for_is_spared(stage):
    aged(stage, "g1", "g2", "g3")
    stage("g4", keep=1, spare=["g2", "gone"])
    assert stage.names() == ["g2", "g4"]


def test_what_is_spared_and_not_there_takes_no_place(stage):
    aged(stage, "g1", "g2")
    (stage.folder / "ledger.jsonl").write_text(confirmed("gone-1", "gone-2"))
    stage("g3", keep=3)
    assert stage.names() == ["g1", "g2", "g3"]


@pytest.mark.parametrize("text", ["", "nonsense\n[]\nnull\n{}\n", '{"verdict": "confirmed"}\n', "\0\n"])
def test_a_spoilt_ledger_does_not_stop_staging_nor_pruning(stage, text):
    aged(stage, "g1", "g2")
    (stage.folder / "ledger.jsonl").write_text(text)
    stage("g3", keep=2)
    assert stage.names() == ["g2", "g3"]


def test_what_dead_stagings_of_other_generations_left_is_removed(stage):
    for name in (".0.9-z.new", ".0.8-y.old"):
        (stage.home / name / "release").mkdir(parents=True)
    (stage.home / ".0.7-x.old").symlink_to("/etc")
    stage()
    assert stage.names() == ["1.0-a"]


def test_a_staging_waits_for_another_of_the_same_instance(stage):
    begun, entered = threading.Event(), threading.Event()
    real = stage.module.stage

    def look(*words):
        entered.set()
        real(*words)

    stage.module.stage = look
    worker = threading.Thread(target=lambda: (begun.set(), stage()), daemon=True)
    with stage.module.alone(stage.home):
        worker.start()
        assert begun.wait(5)
        assert not entered.wait(0.1)
    assert entered.wait(5)
    worker.join(5)
    assert stage.names() == ["1.0-a"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"from": null}'])
def test_a_spoilt_record_of_a_switch_does_not_stop_staging(stage, content):
    (stage.folder / "pending.json").write_text(content)
    assert (stage() / "release" / "run").exists()


def test_artifacts_that_were_not_used_for_long_are_removed_from_the_host(stage):
    os.utime(stage.artifact, (0, 0))
    for age in range(1, 11):
        (stage.cache / f"{age:02}.tar.gz").write_text("")
        os.utime(stage.cache / f"{age:02}.tar.gz", (age, age))
    stage()
    found = sorted(path.name for path in stage.cache.iterdir())
    assert found == [*(f"{age:02}.tar.gz" for age in range(4, 11)), "r.tar.gz"]


def test_it_can_be_run_as_a_text_with_its_request_on_standard_input(stage, tmp_path):
    source = (HELPERS / "stage.py").read_text().replace("/var/lib/alert-threader", str(tmp_path / "data"))
    line = json.dumps(stage.request()) + "\n"
    subprocess.run([sys.executable, "-c", source], input=line, text=True, check=True, timeout=20)
    assert (stage.home / "1.0-a" / "release" / "run").exists()
