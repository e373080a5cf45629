from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading

import pytest

from tools.release import cache
from tools.release.build import build
from tools.release.errors import ReleaseError
from tools.release.python import SERVICE, own_version
from tools.release.targets import Target, targets
from tools.release.variants import RUNS, build_variant
from tools.release.wheels import without_markers


@pytest.fixture
def service(tmp_path):
    shutil.copytree(SERVICE, tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "service"


def names(path) -> list[str]:
    with tarfile.open(path) as tar:
        return [m.name for m in tar if m.isfile()]


def test_a_second_build_comes_from_the_cache_with_the_same_bytes(tmp_path, without_wheels):
    first = build(out=tmp_path / "one")
    again = build(out=tmp_path / "two")
    assert (first.fresh, again.fresh) == (True, False)
    assert first.path.read_bytes() == again.path.read_bytes()


def test_two_checkouts_build_the_same_bytes(tmp_path, service, without_wheels, monkeypatch):
    first = build(out=tmp_path / "one")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another cache"))
    (service / "threader" / "__pycache__").mkdir()
    (service / "threader" / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"junk")
    (service / "threader" / ".app.py.swp").write_bytes(b"junk")
    assert build(out=tmp_path / "two", service=service).sha256 == first.sha256


def test_a_changed_source_is_another_artifact(tmp_path, service, without_wheels):
    first = build(out=tmp_path, service=service)
    (service / "threader" / "alerts.py").write_text("# changed\n")
    second = build(out=tmp_path, service=service)
    assert second.fresh
    assert second.sha256 != first.sha256


def test_the_root_has_an_executable_run_and_the_version_that_was_asked_for(tmp_path, without_wheels):
    made = build("2.0.0-rc1", tmp_path)
    assert made.path.name == "alert-threader-python-2.0.0-rc1.tar.gz"
    with tarfile.open(made.path) as tar:
        assert tar.getmember("run").mode == 0o755
        assert tar.extractfile("app/threader/VERSION").read() == b"2.0.0-rc1\n"


def test_sums_hold_one_line_for_each_artifact_and_are_true(tmp_path, without_wheels):
    build(out=tmp_path)
    build("9.9.9", tmp_path)
    build("9.9.9", tmp_path)
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0
    assert checked.stdout.count("OK") == 2
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("version", ["../1", "a b", "", "-1", "x" * 80])
def test_a_version_that_is_no_file_name_is_refused(tmp_path, version, without_wheels):
    if version:
        with pytest.raises(ReleaseError, match="next: "):
            build(version, tmp_path)
    else:
        assert build(version, tmp_path).version == own_version()


def test_many_builds_at_once_make_it_once(tmp_path, without_wheels):
    made = []
    threads = [threading.Thread(target=lambda n=n: made.append(build(out=tmp_path / str(n)))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(artifact.fresh for artifact in made) == [False, False, False, True]
    assert len({artifact.sha256 for artifact in made}) == 1


def test_a_build_that_fails_leaves_nothing_in_the_cache(tmp_path):
    def broken(into):
        (into / "half").write_text("half")
        raise ReleaseError("x", "no network", "try again")

    with pytest.raises(ReleaseError):
        cache.folder("wheels", "abc", broken)
    assert [p.name for p in cache.root().iterdir()] == ["wheels-abc.lock"]


def test_bad_releases_differ_from_the_good_one_in_run_only(tmp_path, without_wheels):
    good = build(out=tmp_path)
    for kind, run in RUNS.items():
        bad = build_variant(kind, tmp_path, base=good)
        assert bad.version == f"{good.version}-{kind}"
        assert names(bad.path) == names(good.path)
        with tarfile.open(bad.path) as tar:
            assert tar.extractfile("run").read() == run
            assert tar.getmember("run").mode == 0o755


def test_the_lock_pins_each_package_once_with_hashes_for_all_pythons():
    lock = (SERVICE / "requirements.lock").read_text()
    packages = re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE)
    assert len(packages) == len(set(packages)), "one artifact has one lib folder for all Pythons"
    blocks = re.split(r"\n(?=[a-z])", lock.split("\n", 1)[1])
    assert all("--hash=sha256:" in block for block in blocks if block.strip())


def test_the_lock_has_everything_that_the_requirements_pin():
    pinned = re.findall(r"^([a-z-]+==[0-9.]+)$", (SERVICE / "requirements.txt").read_text(), flags=re.MULTILINE)
    lock = (SERVICE / "requirements.lock").read_text()
    assert len(pinned) == 6
    assert all(re.search(rf"^{re.escape(pin)} ", lock, flags=re.MULTILINE) for pin in pinned)


def test_markers_are_taken_off_and_hashes_stay():
    lock = "a==1 ; python_full_version < '3.11' \\\n    --hash=sha256:00\nb==2 \\\n    --hash=sha256:11\n"
    assert without_markers(lock) == "a==1 \\\n    --hash=sha256:00\nb==2 \\\n    --hash=sha256:11\n"


def test_each_python_of_a_supported_host_has_a_folder():
    assert [t.folder for t in targets(("x86_64",))] == [f"lib-cp3{n}-x86_64" for n in (10, 11, 12, 13)]
    assert len(targets(("x86_64", "aarch64"))) == 8
    assert "--python-version=311" in Target("311", "aarch64").pip_options


def test_sums_are_of_the_files(tmp_path, without_wheels):
    made = build(out=tmp_path)
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256


def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) | environ
    line = [sys.executable, "-m", "tools.release", *arguments]
    return subprocess.run(line, capture_output=True, text=True, env=env, timeout=60, check=False)


def test_mistakes_on_the_command_line_are_told_without_a_traceback():
    for arguments in (["build", "--nope"], ["build", "--impl", "cobol"], ["build", "--arch", "vax"], ["sing"]):
        done = command(*arguments)
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_wheels_that_cannot_be_fetched_are_told_with_the_cause(tmp_path):
    done = command("build", "--out", str(tmp_path), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert done.returncode == 1
    assert "wheels for Python 310 on x86_64: ERROR: No matching distribution" in done.stderr
    assert "next: " in done.stderr
    assert list(tmp_path.glob("*.tar.gz")) == []
