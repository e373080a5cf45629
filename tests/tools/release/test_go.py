"""The Go artifact, as a host gets it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import time

import pytest

from tests.services.python.harness import answers, free_port, wait_until
from tools.release import cache
from tools.release.build import build
from tools.release.errors import ReleaseError
from tools.release.go import Go, environment, needed, sources
from tools.release.paths import SERVICES

SERVICE = SERVICES / "go"


def test_a_static_program_is_for_one_architecture():
    with pytest.raises(ReleaseError, match="one architecture"):
        Go(SERVICE, ("x86_64", "aarch64"))
    assert [Go(SERVICE, (arch,)).suffix for arch in ("x86_64", "aarch64")] == ["", "-aarch64"]


def test_what_a_user_has_chosen_for_go_does_not_change_the_bytes(monkeypatch):
    monkeypatch.setenv("GOAMD64", "v3")
    monkeypatch.setenv("GOFLAGS", "-race")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    env = environment("aarch64")
    assert "GOAMD64" not in env
    assert (env["GOARCH"], env["CGO_ENABLED"], env["HTTPS_PROXY"]) == ("arm64", "0", "http://proxy.invalid")
    assert "-race" not in env["GOFLAGS"]


def test_the_cache_goes_by_sources_version_and_architecture_and_not_by_tests(tmp_path):
    service = tmp_path / "go"
    shutil.copytree(SERVICE, service)
    recipe = Go(service, ("x86_64",))
    before = list(recipe.parts("1.0.0"))
    (service / "internal" / "alerts" / "more_test.go").write_text("package alerts\n")
    assert list(recipe.parts("1.0.0")) == before
    assert list(recipe.parts("1.0.1")) != before
    assert list(Go(service, ("aarch64",)).parts("1.0.0")) != before
    (service / "internal" / "alerts" / "more.go").write_text("package alerts\n")
    assert list(recipe.parts("1.0.0")) != before
    assert {"go.mod", "go.sum", "VERSION", "main.go"} <= {path.name for path in sources(service)}
    assert needed(service) >= (1, 24)


@pytest.mark.toolchain
def test_it_is_one_static_program_that_knows_its_version(tmp_path):
    made = build("7.8.9", tmp_path, impl="go")
    assert made.path.name == "alert-threader-go-7.8.9.tar.gz"
    with tarfile.open(made.path) as tar:
        assert [(member.name, member.mode) for member in tar] == [("run", 0o755)]
        tar.extract("run", tmp_path)
    program = tmp_path / "run"
    interpreter = subprocess.run(["readelf", "-l", program], capture_output=True, text=True, check=False).stdout
    assert "INTERP" not in interpreter
    assert str(SERVICE).encode() not in program.read_bytes()
    assert subprocess.run([program, "prepare"], env={}, timeout=10, check=False).returncode == 0
    port, begun = str(free_port()), time.monotonic()
    env = {"SLACK_BOT_TOKEN": "xoxb-1", "THREAD_STORE": "memory", "BIND_PORT": port}
    with subprocess.Popen([program], env=env, stdout=subprocess.PIPE) as process:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"))
        took = time.monotonic() - begun
        process.kill()
        assert b'"version":"7.8.9"' in process.communicate(timeout=5)[0]
    assert took < 2.0  # seconds; 0.02 on a quiet machine


@pytest.mark.toolchain
def test_another_checkout_builds_the_same_bytes(tmp_path, monkeypatch):
    first = build(out=tmp_path / "one", impl="go")
    (tmp_path / "cache" / "alert-threader").mkdir(parents=True)
    # Go's own cache is taken along: compiling its library again takes a minute and shows nothing about our build.
    (tmp_path / "cache" / "alert-threader" / "go").symlink_to(cache.root() / "go")
    shutil.copytree(SERVICE, tmp_path / "another place")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    again = build(out=tmp_path / "two", impl="go", service=tmp_path / "another place")
    assert again.fresh
    assert again.sha256 == first.sha256
