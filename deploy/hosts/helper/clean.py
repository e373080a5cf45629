"""Prints as one line of JSON what no instance needs any more, and with `remove` removes it.

    clean look|remove KEEP [INSTANCE...]        without instances, all of them
    -> [{"path": …, "bytes": …, "why": …}, …]   what would be, or was, removed

Beyond the newest KEEP generations of an instance all go, but never the current one, that of its second slot, those of a
pending switch, or the two that were confirmed last; so do what a cut staging left, and artifacts that no generation
left has. What is younger than an hour stays: a deploy may be about to use it. An instance that is being switched is
left alone.
Runs on the host, as root; nothing of it is left there. Python 3.10, standard library.
"""

import contextlib
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA, CACHE = Path("/var/lib/alert-threader"), Path("/var/cache/alert-threader")
RUN = Path("/run/alert-threader")
CONFIRMED = 2
SLOT = "--prev"  # the end of the name of an instance's second slot
YOUNG = 3600  # seconds


def read(path: Path) -> dict[str, Any]:
    """A JSON file; nothing when it is absent or spoilt."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def confirmed(folder: Path) -> list[str]:
    """The generations that were confirmed, each once, the last one first."""
    try:
        lines = (folder / "ledger.jsonl").read_text(errors="replace").splitlines()
    except OSError:
        return []
    names: list[str] = []
    for line in reversed(lines):
        with contextlib.suppress(ValueError, AttributeError):
            entry = json.loads(line)
            if entry.get("verdict") == "confirmed" and entry.get("to") and entry["to"] not in names:
                names.append(str(entry["to"]))
    return names


def needed(folder: Path) -> set[str]:
    """The generations of an instance that have to stay, whatever their age and number."""
    pending, slot = read(folder / "pending.json"), folder.with_name(folder.name + SLOT)
    links = (folder / "current", slot / "current")
    run = {os.path.basename(os.readlink(link)) for link in links if link.is_symlink()}
    return {*run, str(pending.get("from")), str(pending.get("to")), *confirmed(folder)[:CONFIRMED]}


def old(path: Path) -> bool:
    """Whether nobody made or used it within the last hour."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mtime < time.time() - YOUNG
    return False


def size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() and not path.is_symlink() else path.rglob("*")
    total = 0
    for file in files:
        with contextlib.suppress(OSError):
            total += 0 if file.is_dir() else file.lstat().st_size
    return total


def generations(folder: Path) -> list[Path]:
    """The generations of an instance, the oldest first."""
    home = folder / "generations"
    found = [path for path in home.glob("*") if path.name[0] != "." and path.is_dir() and not path.is_symlink()]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def beyond(folder: Path, keep: int) -> list[Path]:
    """The generations of an instance that go, the oldest first."""
    found, stay = generations(folder), needed(folder)
    others = [path for path in found if path.name not in stay]
    return [path for path in others[: max(0, len(found) - keep)] if old(path)]


def unused(gone: set[Path]) -> list[Path]:
    """The artifacts that no generation has, of any instance, once those in `gone` are removed."""
    left = [path for folder in DATA.glob("*") for path in generations(folder) if path not in gone]
    releases = {read(path / "settings.json").get("release") for path in left}
    return [path for path in sorted(CACHE.glob("*.tar.gz")) if path.name[:-7] not in releases and old(path)]


def left_behind(folder: Path) -> list[Path]:
    """What stagings that were cut left beside the generations."""
    found = [*folder.glob("generations/.*.new"), *folder.glob("generations/.*.old")]
    return sorted(path for path in found if old(path))


@contextlib.contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether nobody switches the instance, nor begins to while this lasts."""
    try:
        handle = os.open(RUN / f"{name}.lock", os.O_RDONLY)
    except OSError:
        yield True  # it was never switched since the host booted
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove it; a generation loses its name first, so that no part of one is ever taken for a whole one."""
    if path.is_symlink() or path.is_file():
        return path.unlink()
    if path.name[0] != ".":
        path = path.rename(path.with_name(f".{path.name}.old"))
    return shutil.rmtree(path)


def clean(really: bool, keep: int, names: list[str]) -> list[dict[str, Any]]:
    """Look, and remove if that is meant; what goes, or went."""
    told: list[dict[str, Any]] = []
    gone: set[Path] = set()

    def go(path: Path, why: str) -> None:
        entry = {"path": str(path), "bytes": size(path), "why": why}
        if really:
            remove(path)
        gone.add(path)
        told.append(entry)

    for folder in sorted(DATA.glob("*/generations")):
        name = folder.parent.name
        if names and name not in names:
            continue
        with alone(name) as mine:
            for path in left_behind(folder.parent) if mine else []:
                go(path, f"{name}: a cut staging left it")
            for path in beyond(folder.parent, keep) if mine else []:
                go(path, f"{name}: beyond the {keep} newest generations")
    for path in unused(gone):
        go(path, "an artifact that no generation has")
    return told


def main(words: list[str]) -> None:
    """Answer one request."""
    print(json.dumps(clean(words[0] == "remove", int(words[1]), words[2:])))


if __name__ == "__main__":
    main(sys.argv[1:])
