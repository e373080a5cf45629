"""`sudo make` in a user's checkout must leave nothing in it that the user cannot change or remove."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def owner(root: Path) -> tuple[int, int] | None:
    """Return the user and group that everything in the checkout should belong to; None when root may keep it."""
    found = root.stat()
    return (found.st_uid, found.st_gid) if os.geteuid() == 0 and found.st_uid != 0 else None


def give_back(root: Path, skip: frozenset[Path] = frozenset()) -> int:
    """Hand what root owns in the checkout to the checkout's owner; return how many paths that were.

    Links are changed, not followed; mounted folders (a running fleet's) and `skip` are left alone.
    """
    to = owner(root)
    if to is None:
        return 0
    changed = 0
    for path in _walk(root, root.stat().st_dev, skip):
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_uid == 0:
                os.chown(path, *to, follow_symlinks=False)
                changed += 1
    return changed


def _walk(folder: Path, device: int, skip: frozenset[Path]) -> Iterator[Path]:
    for base, folders, files in os.walk(folder):
        here = Path(base)
        folders[:] = [name for name in folders if here / name not in skip and _on(here / name, device)]
        yield from (here / name for name in (*folders, *files))


def _on(path: Path, device: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.lstat().st_dev == device
    return False
