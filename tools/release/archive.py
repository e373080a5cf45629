"""A reproducible .tar.gz: sorted, one time, no owner, two modes, no name or time in the gzip header."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A file of the archive."""

    content: bytes
    executable: bool = False


def write(path: Path, entries: Mapping[str, Entry], modified: int | None = None) -> None:
    """Write the archive; `modified` is in seconds, by default SOURCE_DATE_EPOCH, else 0.

    Equal entries give equal bytes with an equal zlib (they differ only where a system replaced zlib by zlib-ng).
    """
    when = int(os.environ.get("SOURCE_DATE_EPOCH") or 0) if modified is None else modified
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(_folders(entries)):
            tar.addfile(_info(name, when, 0o755, tarfile.DIRTYPE, 0))
        for name in sorted(entries):
            entry = entries[name]
            mode = 0o755 if entry.executable else 0o644
            tar.addfile(_info(name, when, mode, tarfile.REGTYPE, len(entry.content)), io.BytesIO(entry.content))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with (
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed,
    ):
        packed.write(plain.getbuffer())
    temporary.replace(path)


def _folders(entries: Mapping[str, Entry]) -> set[str]:
    return {str(parent) for name in entries for parent in Path(name).parents if str(parent) != "."}


def _info(name: str, when: int, mode: int, kind: bytes, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime, info.mode, info.type, info.size = when, mode, kind, size
    return info
