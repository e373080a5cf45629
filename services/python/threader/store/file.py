"""Threads in one JSON file: each change is a new file, synced and renamed into place, so a crash leaves old or new."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from threader.incidents import Thread
from threader.log import event
from threader.store import StoreError
from threader.store.records import expired, pack, unpack

CLAIM_WAIT = 15.0
MAX_INCIDENTS = 20_000  # about 3 MB; the longest unchanged go first


class FileStore:
    """Several processes on one host may share the file (an old and a new release do, while traffic moves)."""

    local = True

    def __init__(self, path: Path, ttl: float) -> None:
        self._path, self._ttl = path, ttl
        self._one_at_a_time = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._records: dict[str, Any] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}") from None
        for left in path.parent.glob(f"{path.name}.probe-*"):  # by a process that was killed
            with suppress(OSError):
                left.unlink()
        self.check()
        with self.claim(""):
            self._load()

    @contextmanager
    def claim(self, incident: str) -> Iterator[None]:
        """One delivery at a time, over all threads and processes: Slack takes one message a second anyway."""
        deadline = time.monotonic() + CLAIM_WAIT
        if not self._one_at_a_time.acquire(timeout=CLAIM_WAIT):
            raise StoreError(f"another delivery has held the store for {CLAIM_WAIT:.0f} s")
        try:
            with _locked(self._path.with_name(self._path.name + ".lock"), deadline):
                yield
        finally:
            self._one_at_a_time.release()

    def get(self, incident: str) -> Thread | None:
        """What is known of an incident."""
        self._load()
        record = self._records.get(incident)
        return None if record is None or expired(record, self._ttl) else unpack(record)

    def put(self, incident: str, thread: Thread) -> None:
        """Keep it durably."""
        self._load()  # another process may have changed it since this one last looked
        records = {k: r for k, r in self._records.items() if not expired(r, self._ttl)}
        records.pop(incident, None)  # a changed incident moves to the end
        records[incident] = pack(thread)
        for oldest in list(records)[: max(0, len(records) - MAX_INCIDENTS)]:
            del records[oldest]
        try:
            _replace(self._path, json.dumps({"version": 1, "incidents": records}).encode())
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from None
        self._records, self._seen = records, _identity(self._path)

    def check(self) -> None:
        """Write and sync a small file beside the real one: this finds a full disk, a lost right, a read-only mount."""
        probe = self._path.with_name(f"{self._path.name}.probe-{os.getpid()}-{threading.get_ident()}")
        try:
            _write(probe, b"x" * 4096)
        except OSError as error:
            raise StoreError(f"{self._path.parent}: {error.strerror}") from None
        finally:
            with suppress(OSError):
                probe.unlink()

    def _load(self) -> None:
        """Read the file again if another process has replaced it. One that is not ours to read is moved aside."""
        found = _identity(self._path)
        if found == self._seen:
            return
        try:
            self._records = _read(self._path) if found else {}
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from None
        except ValueError as error:
            self._records, found = {}, None
            self._move_aside(error)
        self._seen = found

    def _move_aside(self, error: ValueError) -> None:
        aside = self._path.with_name(f"{self._path.name}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns()}")
        try:
            self._path.rename(aside)
        except OSError as why:
            raise StoreError(f"{self._path}: is corrupt and cannot be moved aside: {why.strerror}") from None
        event(
            logging.ERROR,
            "the thread store was corrupt; open incidents get a new thread",
            file=str(self._path),
            moved_to=str(aside),
            reason=str(error),
        )


@contextmanager
def _locked(path: Path, deadline: float) -> Iterator[None]:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    try:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise StoreError(f"{path}: another process has held it for {CLAIM_WAIT:.0f} s")
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict) or content.get("version") != 1 or not isinstance(content.get("incidents"), dict):
        raise ValueError("not a thread store of version 1")
    for record in content["incidents"].values():
        unpack(record)
    return dict(content["incidents"])


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".new")
    _write(temporary, content)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, content: bytes) -> None:
    with suppress(FileNotFoundError):
        path.unlink()  # left by a crash, or a link laid by someone: never written through
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
