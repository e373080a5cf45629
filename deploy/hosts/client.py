"""Our side of the worker: ask for a task on a host, await its answer. Nothing else talks to hosts."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.faults import FAULTS, HostFault, Place

ROOT = Path(__file__).parents[2]
Connection = Mapping[str, Any]


class Hosts:
    """A worker process, started when first needed and gone with us."""

    def __init__(self) -> None:
        self._worker: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def ask(self, connection: Connection, task: str, **arguments: object) -> Any:
        """Do a task of `deploy.hosts.tasks` on the host at `connection`; raises HostFault."""
        worker = await self._started()
        number = next(self._numbers)
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        request = {"id": number, "connection": dict(connection), "task": task, "arguments": arguments}
        assert worker.stdin
        worker.stdin.write((json.dumps(request) + "\n").encode())
        answer = await answered
        if "fault" in answer:
            fault = next(fault for fault in FAULTS if fault.name == answer["fault"])
            raise HostFault(place(connection), fault, answer["detail"])
        return answer["result"]

    async def close(self) -> None:
        """End the worker; what runs on hosts under their own systemd goes on."""
        if self._worker and self._worker.stdin:
            self._worker.stdin.close()
            await self._worker.wait()
        if self._reader:
            await self._reader

    async def _started(self) -> asyncio.subprocess.Process:
        async with self._starting:
            if self._worker is None:
                self._worker = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "deploy.hosts.worker",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=None if os.environ.get("THREADER_DEBUG") else asyncio.subprocess.DEVNULL,
                    cwd=ROOT,
                    limit=2**26,
                    start_new_session=True,  # Ctrl-C is ours to answer; it ends when its input does
                )
                self._reader = asyncio.create_task(self._read(self._worker))
        return self._worker

    async def _read(self, worker: asyncio.subprocess.Process) -> None:
        assert worker.stdout
        while line := await worker.stdout.readline():
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"], None)
            if waiting and not waiting.done():
                waiting.set_result(answer)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result({"fault": "command failed", "detail": "the worker process ended"})


def place(connection: Connection) -> Place:
    """Who is meant, for error texts."""
    return Place(connection["host"], connection["address"], connection["user"], int(connection["port"]))
