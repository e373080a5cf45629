"""Runs the application under uvicorn, and stops it without losing what is in flight."""

from __future__ import annotations

import asyncio
import logging
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from threader.health import Health
from threader.log import event
from threader.settings import Settings


class Server(uvicorn.Server):
    """First signal: say "draining" for a while, then close and finish. Second signal: stop now."""

    def __init__(self, config: uvicorn.Config, health: Health, drain_seconds: float) -> None:
        super().__init__(config)
        self._health, self._drain_seconds = health, drain_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and remember the loop, which a signal handler needs."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        event(logging.INFO, "listening", addresses=[listener.getsockname()[:2] for listener in sockets or ()])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Unlike uvicorn's own, it does not raise the signal again at the end: a clean stop is exit code 0."""
        if self._health.draining or self._loop is None:
            self.should_exit, self.force_exit = True, True
            return
        self._health.draining = True
        event(logging.INFO, "stopping", signal=sig, drain_seconds=self._drain_seconds)
        self._loop.call_soon_threadsafe(self._loop.call_later, self._drain_seconds, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError."""
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=1024)


def serve(app: FastAPI, listener: socket.socket, settings: Settings, health: Health) -> None:
    """Serve until told to stop."""
    config = uvicorn.Config(
        app,
        timeout_graceful_shutdown=settings.shutdown_timeout,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        loop="asyncio",
        http="h11",
    )
    Server(config, health, settings.drain_seconds).run([listener])
    event(logging.INFO, "stopped")
