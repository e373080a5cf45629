"""A threader as a process, and what is asked of it."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.services.conformance.implementations import Implementation
from tests.services.python.harness import TOKEN, free_port, wait_until, webhook_json

TIME_TO_START = 20.0  # seconds; tests run on busy machines


KEY = "a key of 16 or more: ü"
SYNTHETIC = {"SYNTHETIC_KEY": KEY, "SYNTHETIC_CHANNEL": "#synthetic"}
TIME, SIGNATURE = "X-Threader-Synthetic-Time", "X-Threader-Synthetic-Signature"


def signed(body: bytes, key: str = KEY, at: float | None = None) -> dict[str, str]:
    """The headers of a synthetic alert that is sent `at` a time, by default now."""
    when = str(int(time.time() if at is None else at))
    return {TIME: when, SIGNATURE: "sha256=" + hmac.new(key.encode(), f"{when}.".encode() + body, "sha256").hexdigest()}


@dataclass
class Threader:
    """A process that was started; its output is in files, so that it can never block on a full pipe."""

    process: subprocess.Popen[bytes]
    url: str
    out: Path
    err: Path

    def alert(self, *alerts: dict[str, Any], timeout: float = 40, **more: Any) -> requests.Response:
        return requests.post(f"{self.url}/alert", json=webhook_json(*alerts, **more), timeout=timeout)

    def synthetic(self, *alerts: dict[str, Any], **more: Any) -> requests.Response:
        """Send signed synthetic alerts."""
        body = json.dumps(webhook_json(*alerts, **more)).encode()
        return requests.post(f"{self.url}/alert", data=body, headers=signed(body), timeout=40)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=10, allow_redirects=False)

    def ready(self) -> bool:
        assert self.process.poll() is None, f"ended with {self.process.poll()}: {self.said()}"
        with contextlib.suppress(requests.RequestException):
            return self.get("/ready").status_code in (200, 503)
        return False

    def end(self, seconds: float = 30) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def lines(self) -> list[dict[str, Any]]:
        """Its log."""
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]

    def said(self) -> str:
        """All that it wrote."""
        return self.out.read_text(encoding="utf-8") + self.err.read_text(encoding="utf-8")

    def metrics(self) -> dict[str, float]:
        """Every sample by its name with labels, as it is written."""
        lines = (line for line in self.get("/metrics").text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@contextmanager
def launched(impl: Implementation, folder: Path, environ: Mapping[str, str]) -> Iterator[Threader]:
    """The process with this environment and nothing else; killed at the end if it still lives."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{impl.name}-{time.monotonic_ns()}"
    out, err = folder / f"{name}.out", folder / f"{name}.err"
    env = {"PATH": os.environ["PATH"], **impl.environ, **environ}
    with out.open("wb") as o, err.open("wb") as e:
        process = subprocess.Popen(COMMANDS[impl.name], env=env, stdout=o, stderr=e, stdin=subprocess.DEVNULL)
    host = environ.get("BIND_HOST", "127.0.0.1")
    try:
        yield Threader(process, f"http://{host}:{environ.get('BIND_PORT', '9009')}", out, err)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@contextmanager
def started(impl: Implementation, folder: Path, slack_api: str, **environ: str) -> Iterator[Threader]:
    """The process, ready; what is not given is set so that tests are quick. An empty value unsets."""
    chosen = {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_API_URL": slack_api,
        "SLACK_MAX_WAIT": "1",
        "SLACK_TIMEOUT": "2",
        "THREAD_STORE": "memory",
        "ENVIRONMENT": "conformance",
        "INSTANCE": "one",
        "BIND_PORT": str(free_port()),
        "DRAIN_SECONDS": "0",
    } | environ
    with launched(impl, folder, {name: value for name, value in chosen.items() if value}) as threader:
        wait_until(threader.ready, TIME_TO_START)
        yield threader


COMMANDS: dict[str, list[str]] = {}
"""What to run, by implementation; the fixture `impl` or `pair` fills it."""
