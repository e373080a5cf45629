"""What the threader's tests share: alerts, a Slack that remembers, a threader that really listens."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from threader.alerts import Alert
from threader.app import Service, create_app
from threader.deliver import Deliverer
from threader.health import Health
from threader.message import Message
from threader.metrics import Metrics
from threader.settings import Settings, load
from threader.slack import Posted, SlackError, connect
from threader.store import ThreadStore
from threader.store.memory import MemoryStore
from threader.synthetic import deliverer as synthetic_deliverer

TOKEN = "xoxb-of-a-test-0123456789"
SERVICE = Path(__file__).resolve().parents[3] / "services" / "python"
STARTED = "2026-11-23T22:00:00.123456789Z"


def alert_json(
    status: str = "firing", fingerprint: str = "f1", starts_at: str = STARTED, **labels: str
) -> dict[str, Any]:
    return {
        "status": status,
        "fingerprint": fingerprint,
        "startsAt": starts_at,
        "endsAt": "2026-11-23T22:12:30Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "labels": {"alertname": "DiskFull", "severity": "critical"} | labels,
        "annotations": {"summary": "the disk is full"},
        "generatorURL": "http://prometheus.invalid/graph?g0.expr=up",
    }


def webhook_json(*alerts: dict[str, Any], status: str = "firing", **more: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": "{}", "status": status, "receiver": "threader", "alerts": list(alerts)} | more


def alert(status: str = "firing", fingerprint: str = "f1", starts_at: str = STARTED, **labels: str) -> Alert:
    return Alert.model_validate(alert_json(status, fingerprint, starts_at, **labels))


def settings(**environ: str) -> Settings:
    return load({"SLACK_BOT_TOKEN": TOKEN, "THREAD_STORE": "memory", "SLACK_MAX_WAIT": "0"} | environ)


@dataclass
class RememberingSlack:
    """Takes messages unless a failure is queued; `None` in the queue lets one through."""

    failures: list[SlackError | None] = field(default_factory=list)
    posts: list[tuple[Message, str | None, str]] = field(default_factory=list)

    def post(self, message: Message, thread_ts: str | None) -> Posted:
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        ts = f"1700000000.{len(self.posts) + 1:06d}"
        self.posts.append((message, thread_ts, ts))
        return Posted("C1", ts)

    def told(self) -> list[tuple[str, str, bool]]:
        """(incident, status, is a reply) of each post."""
        return [
            (m.metadata["event_payload"]["incident"], m.metadata["event_payload"]["status"], thread is not None)
            for m, thread, _ in self.posts
        ]


def deliverer(slack: Any, store: ThreadStore | None = None, sleep: Any = None, **environ: str) -> Deliverer:
    metrics = Metrics("t", "test")
    return Deliverer(settings(**environ), store or MemoryStore(3600), slack, metrics, sleep or (lambda seconds: None))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def threader(chosen: Settings, store: ThreadStore) -> Iterator[str]:
    """A threader that listens in a thread of this process; its address."""
    metrics = Metrics(chosen.instance, chosen.environment)
    health, slack = Health(store, metrics), connect(chosen)
    apart = synthetic_deliverer(chosen, slack)
    service = Service(chosen, Deliverer(chosen, store, slack, metrics), health, metrics, apart)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(create_app(service), log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(5)


@contextmanager
def process(**environ: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m threader` with this environment and nothing else."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SERVICE), "PYTHONDONTWRITEBYTECODE": "1"} | environ
    command = [sys.executable, "-m", "threader"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGKILL)


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis of this test's own; its address."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine (Debian package redis-server)")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as started:
        try:
            wait_until(lambda: _listens(port))
            yield f"redis://127.0.0.1:{port}"
        finally:
            started.kill()


def wait_until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
