"""The stand-in in a thread of this process, for tests and for the demo."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from tools.slack.app import StandIn, create_app


@dataclass(frozen=True)
class Running:
    """A stand-in that listens."""

    url: str
    standin: StandIn

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL is set to."""
        return f"{self.url}/api"


@contextmanager
def running(standin: StandIn | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
    """Listen until the block ends; port 0 takes a free one. Raises OSError when it cannot listen."""
    standin = standin or StandIn()
    with socket.create_server((host, port)) as listener:
        server = uvicorn.Server(config(standin))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield Running(f"http://{host}:{listener.getsockname()[1]}", standin)
        finally:
            server.should_exit = server.force_exit = True
            thread.join(5)


def config(standin: StandIn) -> uvicorn.Config:
    """How uvicorn runs it."""
    return uvicorn.Config(
        create_app(standin),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise OSError("the Slack stand-in did not start within 10 s")
        time.sleep(0.01)
