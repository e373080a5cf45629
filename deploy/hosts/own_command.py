"""The user's own command as a gate: by the shell, as hooks are, on this machine, and no longer than it may take."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from typing import Final

from deploy.analysis.gates import Measurement

KEPT: Final = 4096
"""Bytes of the end of its output that are kept."""
SHOWN: Final = 200
DRAINED: Final = 0.2
"""Seconds for what is left of its output once it has ended: what it leaves behind may hold it open."""


async def own_command(command: str, env: Mapping[str, str], timeout: float, at: float) -> Measurement:
    """1.0 when it ends with 0, else 0.0, with the last line that it said; all of its group is killed in the end."""
    try:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Measurement(at, error=f"it could not be started: {error}")
    said = bytearray()
    reading = asyncio.create_task(_read(process, said))
    try:
        status = await asyncio.wait_for(process.wait(), timeout)
        await asyncio.wait([reading], timeout=DRAINED)
    except TimeoutError:
        return Measurement(at, error=f"no end within {timeout:g} s", detail=_last(said))
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.wait([reading], timeout=DRAINED)
        reading.cancel()
        await asyncio.gather(reading, process.wait(), return_exceptions=True)
    return Measurement(at, 1.0 if status == 0 else 0.0, detail=_last(said) or f"exit status {status}")


async def _read(process: asyncio.subprocess.Process, said: bytearray) -> None:
    assert process.stdout
    while some := await process.stdout.read(65536):
        said += some
        del said[:-KEPT]


def _last(said: bytearray) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][-SHOWN:] if lines else ""
