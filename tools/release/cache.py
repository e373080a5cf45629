"""The cache that all checkouts share: a folder for each digest, made beside and renamed into place, never changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def root() -> Path:
    """Where the cache is: `alert-threader` in the XDG cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "alert-threader"


def digest_of(parts: Iterator[bytes] | list[bytes]) -> str:
    """A digest over parts that keeps their borders."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:24]


def folder(kind: str, digest: str, make: Callable[[Path], None]) -> Path:
    """The folder of a digest; `make` fills it when it is missing, one process at a time."""
    final = root() / f"{kind}-{digest}"
    if final.is_dir():
        return final
    root().mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(root() / f"{kind}-{digest}.lock"):
        if not final.is_dir():
            temporary = Path(tempfile.mkdtemp(prefix=f".{kind}-", dir=root()))
            try:
                make(temporary)
                temporary.rename(final)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return final


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
