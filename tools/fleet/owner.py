"""Files made by root in a user's checkout belong to that user: `sudo make` leaves nothing that they cannot remove."""

import os
from pathlib import Path


def give(path: Path) -> Path:
    """Give `path` (not what a link points to) to the owner of the folder it is in; return it."""
    parent = path.parent.stat()
    os.chown(path, parent.st_uid, parent.st_gid, follow_symlinks=False)
    return path


def folder(path: Path, mode: int = 0o755) -> Path:
    """Make the folder `path` and its missing parents with `mode`, each owned like the folder it is in."""
    if not path.is_dir():
        if not path.parent.is_dir():
            folder(path.parent, mode)
        path.mkdir(exist_ok=True)
        path.chmod(mode)
        give(path)
    return path


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace the file `path` in one step, so that a killed command leaves the old or the new text."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.chmod(mode)
    give(fresh).replace(path)


def give_all(top: Path) -> None:
    """Give `top` and everything in it to the owner of the folder that `top` is in."""
    give(top)
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            give(Path(folder) / name)
