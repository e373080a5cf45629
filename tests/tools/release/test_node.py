from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.services.python.harness import answers, free_port, wait_until
from tools.release.archive import Entry
from tools.release.build import build
from tools.release.errors import ReleaseError
from tools.release.paths import SERVICES

SERVICE = SERVICES / "node"


@pytest.fixture
def service(tmp_path):
    shutil.copytree(SERVICE, tmp_path / "service", ignore=shutil.ignore_patterns("node_modules"))
    return tmp_path / "service"


@pytest.fixture
def without_libraries(monkeypatch):
    """Builds without the registry: the libraries are one small file."""
    monkeypatch.setattr("tools.release.node.libraries", lambda service: {"node_modules/x/x.js": Entry(b"x\n")})


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Makes a stand-in for npm from the lines of a shell script."""

    def make(script: str) -> None:
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    return make


def test_two_checkouts_build_the_same_bytes_and_leftovers_are_left_out(
    tmp_path, service, without_libraries, monkeypatch
):
    first = build(out=tmp_path / "one", impl="node")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another cache"))
    (service / "threader" / ".app.js.swp").write_bytes(b"junk")
    (service / "node_modules").mkdir()
    (service / "node_modules" / "junk.js").write_bytes(b"junk")
    assert build(out=tmp_path / "two", service=service, impl="node").sha256 == first.sha256


def test_a_changed_source_or_lock_is_another_artifact(tmp_path, service, without_libraries):
    assert build(out=tmp_path, service=service, impl="node").fresh
    for name in ("threader/app.js", "package-lock.json"):
        (service / name).write_text((service / name).read_text() + "\n")
        assert build(out=tmp_path, service=service, impl="node").fresh


def test_the_root_has_an_executable_run_and_the_version_that_was_asked_for(tmp_path, without_libraries):
    made = build("2.0.0-rc1", tmp_path, impl="node")
    assert made.path.name == "alert-threader-node-2.0.0-rc1.tar.gz"
    with tarfile.open(made.path) as tar:
        assert tar.getmember("run").mode == 0o755
        assert tar.extractfile("app/threader/VERSION").read() == b"2.0.0-rc1\n"


def test_of_the_libraries_only_what_runs_is_shipped_and_no_script_of_theirs_is_run(tmp_path, npm):
    npm("""
        echo "$@" >&2
        case "$*" in "ci --omit=dev --ignore-scripts"*) ;; *) exit 1 ;; esac
        mkdir -p node_modules/x/.bin && cd node_modules
        touch .package-lock.json x/index.js x/index.d.ts x/index.js.map x/README.md x/LICENSE x/package.json
        ln -s index.js x/link.js
    """)
    with tarfile.open(build(out=tmp_path, impl="node").path) as tar:
        names = [m.name for m in tar if m.isfile() and m.name.startswith("node_modules/")]
    assert names == [f"node_modules/x/{name}" for name in ("LICENSE", "index.js", "package.json")]


def test_an_npm_that_fails_is_quoted_and_leaves_nothing_in_the_cache(tmp_path, npm):
    npm("echo 'npm error code EINTEGRITY' >&2; exit 1")
    with pytest.raises(ReleaseError, match=r"(?s)EINTEGRITY.*\nnext: "):
        build(out=tmp_path, impl="node")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_dir() and path.name.startswith("node-m")]


def test_without_npm_and_without_apt_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    with pytest.raises(ReleaseError, match=r"npm: missing: npm, and there is no apt-get\nnext: "):
        build(out=tmp_path, impl="node")


def test_the_lock_pins_every_library_by_hash_and_names_no_registry():
    text = (SERVICE / "package-lock.json").read_text()
    packages = {name: found for name, found in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(found["integrity"].startswith("sha512-") for found in packages.values())
    assert "://" not in text


@pytest.fixture
def release(tmp_path):
    """The real artifact, unpacked into a path with a space."""
    folder = tmp_path / "a release"
    folder.mkdir()
    subprocess.run(["tar", "-xzf", build(out=tmp_path, impl="node").path, "-C", folder], check=True, timeout=60)
    return folder


@pytest.mark.toolchain
def test_the_real_artifact_starts_through_a_link_and_writes_nothing_into_itself(release, tmp_path):
    (tmp_path / "current").symlink_to(release)
    before = sorted(release.rglob("*"))
    port = free_port()
    env = {"PATH": os.environ["PATH"], "SLACK_BOT_TOKEN": "xoxb-1", "BIND_PORT": str(port), "DRAIN_SECONDS": "0"}
    env |= {"THREAD_STORE": "memory", "NODE_OPTIONS": "--no-such-option"}
    with subprocess.Popen([tmp_path / "current" / "run"], env=env, stdout=subprocess.DEVNULL) as started:
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"))
        finally:
            started.terminate()
    assert started.returncode == 0
    assert sorted(release.rglob("*")) == before


@pytest.mark.toolchain
def test_prepare_tells_whether_a_host_can_run_it(release, tmp_path):
    assert subprocess.run([release / "run", "prepare"], timeout=20, check=False).returncode == 0
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("dirname", "readlink", "sh"):
        (bare / tool).symlink_to(Path("/usr/bin") / tool)

    def refused() -> str:
        command = [release / "run", "prepare"]
        done = subprocess.run(command, env={"PATH": str(bare)}, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 78
        return done.stderr

    assert "there is no node\nnext: apt-get install nodejs" in refused()
    old = "Object.defineProperty(process.versions, 'node', {value: '12.22.9'}); require(process.argv[1])"
    (bare / "node").write_text(f'#!/bin/sh\nexec {shutil.which("node")} -e "{old}" "$@"\n')
    (bare / "node").chmod(0o755)
    assert "runs on Node.js 18 or newer, not on 12.22.9" in refused()


@pytest.mark.toolchain
def test_the_real_artifact_is_reproducible_from_an_empty_cache(tmp_path, monkeypatch):
    first = build(out=tmp_path / "one", impl="node")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another cache"))
    second = build(out=tmp_path / "two", impl="node")
    assert second.fresh
    assert second.sha256 == first.sha256
