"""What Loki is built from is pinned; how it is packed, and who waits for whom, is seen with a build that is not one."""

import tarfile
import threading
import time

import pytest

from tools.loki import build
from tools.release.go import needed
from tools.setup import gomod
from tools.setup.errors import SetupError


@pytest.fixture
def builds(tmp_path, monkeypatch):
    """A cache of its own, and a compiler that writes a text; what it was asked is counted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []

    def compile_(step, work, program):
        made.append(program)
        work.mkdir(parents=True, exist_ok=True)
        time.sleep(0.2)
        program.write_text("#!/bin/sh\n")

    monkeypatch.setattr(build, "_compile", compile_)
    return made


def test_every_byte_is_pinned_by_go_sum():
    assert f"{build.REQUIRED} v{build.version()} h1:" in (build.MODULE / "go.sum").read_text()


def test_it_has_the_replacements_of_its_own_go_mod_for_what_it_is_built_from():
    text = (build.MODULE / "go.mod").read_text()
    assert text.count(" => ") == 7
    assert "=> ./" not in text


def test_the_go_that_it_needs_is_named():
    assert needed(build.MODULE) >= gomod.needed_go()


def test_the_tarball_has_the_program_at_its_top_and_is_named_by_version_and_architecture(builds):
    path = build.tarball()
    assert path.name.startswith(f"loki-{build.version()}-linux-")
    with tarfile.open(path) as packed:
        assert [(each.name, oct(each.mode), each.mtime) for each in packed] == [("loki", "0o755", 0)]


def test_it_is_built_once(builds):
    assert not build.built()
    paths = {build.tarball(), build.tarball()}
    assert build.built()
    assert (len(paths), len(builds)) == (1, 1)
    assert build.program().parent == build.tarball().parent
    assert len(build.sha256()) == 64


def test_the_same_program_gives_the_same_bytes(builds, tmp_path, monkeypatch):
    first = build.sha256()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert build.sha256() == first
    assert len(builds) == 2


def test_who_comes_while_it_is_built_gets_the_same_build(builds):
    threads = [threading.Thread(target=build.tarball) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert len(builds) == 1


def test_it_is_said_how_long_it_usually_takes(builds, capsys):
    build.tarball()
    assert "usually takes 7 minutes" in capsys.readouterr().err


def test_a_build_that_fails_leaves_nothing_that_looks_like_one(builds, monkeypatch):
    def fails(*_):
        raise SetupError("the compiler ended with 1", "try again")

    monkeypatch.setattr(build, "_compile", fails)
    with pytest.raises(SetupError):
        build.tarball()
    assert not build.built()


def test_the_folder_in_which_it_was_built_is_gone_afterwards(builds, tmp_path):
    left = tmp_path / "alert-threader"
    build.tarball()
    assert [path.name for path in left.glob("*.building")] == []
