"""The real artifact, started with the distribution's python3 as a host would."""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.services.python.harness import alert_json, answers, free_port, wait_until, webhook_json
from tools.release.build import Artifact, build
from tools.release.variants import build_variant
from tools.slack.running import running

pytestmark = pytest.mark.fleet
TIME_TO_START = 5.0  # seconds; 0.7 on a quiet machine, tests run on busy ones


def unpacked(artifact: Artifact, into: Path) -> Path:
    into.mkdir()
    subprocess.run(["tar", "-xzf", artifact.path, "-C", into], check=True)
    return into


@contextmanager
def started(release: Path, **environ: str):
    env = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": "/nowhere",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "DRAIN_SECONDS": "0",
    } | environ
    with subprocess.Popen([release / "run"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running_one:
        try:
            yield running_one
        finally:
            if running_one.poll() is None:
                running_one.send_signal(signal.SIGTERM)
                running_one.wait(10)


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def test_it_runs_with_the_distributions_python_and_writes_nothing_into_itself(real_artifact, tmp_path):
    release = unpacked(real_artifact, tmp_path / "generation")
    before = files(release)
    url, begun = f"http://127.0.0.1:{(port := free_port())}", time.monotonic()
    with running() as slack:
        environ = {"BIND_PORT": str(port), "STATE_DIRECTORY": str(tmp_path), "SLACK_API_URL": slack.api_url}
        with started(release, **environ) as process:
            wait_until(lambda: answers(f"{url}/health"))
            took = time.monotonic() - begun
            sent = requests.post(f"{url}/alert", json=webhook_json(alert_json()), timeout=10)
        assert sent.json()["done"] == {"opened": 1}
    assert process.returncode == 0
    assert files(release) == before
    assert took < TIME_TO_START


def test_it_starts_through_a_link_and_from_a_path_with_a_space(real_artifact, tmp_path):
    release = unpacked(real_artifact, tmp_path / "a generation")
    (tmp_path / "current").symlink_to(release)
    port = free_port()
    with started(tmp_path / "current", BIND_PORT=str(port), THREAD_STORE="memory"):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"))


def test_a_python_that_is_not_supported_is_named(real_artifact, tmp_path):
    release = unpacked(real_artifact, tmp_path / "release")
    for folder in release.glob("lib-cp*"):
        folder.rename(folder.with_name(folder.name.replace("lib-cp3", "lib-cp2")))
    done = subprocess.run([release / "run"], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 78
    assert "runs on cp210-x86_64, cp211-x86_64, cp212-x86_64, cp213-x86_64, not on cp3" in done.stderr


def test_the_real_artifact_is_reproducible_from_an_empty_cache(real_artifact, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert build(out=tmp_path / "dist").sha256 == real_artifact.sha256


def test_the_bad_releases_are_bad_in_their_own_way(real_artifact, tmp_path):
    port = free_port()
    sick = unpacked(build_variant("health500", tmp_path, base=real_artifact), tmp_path / "sick")
    with started(sick, BIND_PORT=str(port)) as process:
        wait_until(lambda: not answers_nothing(f"http://127.0.0.1:{port}/health"))
        assert requests.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 500
        process.kill()
    hangs = unpacked(build_variant("hangs", tmp_path, base=real_artifact), tmp_path / "hangs")
    with started(hangs, BIND_PORT=str(port)) as process:
        time.sleep(0.5)
        assert process.poll() is None
        assert answers_nothing(f"http://127.0.0.1:{port}/health")
    exits = unpacked(build_variant("exits", tmp_path, base=real_artifact), tmp_path / "exits")
    with started(exits, BIND_PORT=str(port)) as process:
        assert process.wait(5) == 1


def answers_nothing(url: str) -> bool:
    try:
        requests.get(url, timeout=2)
    except requests.RequestException:
        return True
    return False
