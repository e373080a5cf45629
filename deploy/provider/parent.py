"""The end of the engine is the end of us: a killed CLI must leave nothing behind."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.5


def leave_with_engine(address: str) -> None:
    """Watch our parent, which serves `address` (host:port), and end this process and the engine's others after it.

    PR_SET_PDEATHSIG would not do: it fires for the end of a thread of the engine, too.
    """
    threading.Thread(target=_watch, args=(os.getppid(), address), daemon=True).start()


def _watch(parent: int, address: str) -> None:
    if _listens(address):  # else it died before we could see who our parent is
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
    for process in others(address):
        with suppress(OSError):
            os.kill(process, signal.SIGTERM)
    os._exit(1)


def others(address: str) -> Iterator[int]:
    """Pulumi's processes for that engine: a language host looks only every 5 minutes whether its engine lives."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if address in words and any(word.rpartition("/")[2].startswith("pulumi-") for word in words):
                yield int(folder.name)


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True
