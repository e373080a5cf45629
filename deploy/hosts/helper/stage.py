"""Puts one generation beside the others, whole or not at all. Reads one line of JSON from standard input.

{"instance", "generation", "artifact": path, "sha256", "files": {name: [text, mode]}, "keep": N, "repair": bool}

Runs on the host, as root, in one exec. With "repair" an instance that runs this very generation is marked for a
restart. Python 3.10, standard library.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sys
import tarfile
from collections.abc import Collection
from typing import Any

DATA = pathlib.Path("/var/lib/alert-threader")
ARTIFACTS = 8  # kept by last use; more than the releases, new and old, of one host: another may be about to use its own


def digest(path: str | pathlib.Path) -> str:
    """The SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def put(path: pathlib.Path, text: str, mode: str) -> None:
    """Write beside and rename: never through a link, never half."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, int(mode, 8))
    with os.fdopen(handle, "w") as file:
        os.fchmod(handle, int(mode, 8))
        file.write(text)
        file.flush()
        os.fsync(handle)
    os.replace(fresh, path)


def unpack(archive: str, folder: pathlib.Path) -> None:
    """Unpack a release; a member that would leave the folder is refused."""
    folder.mkdir(mode=0o755)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = lambda member, _: member  # newer Pythons would set other modes
        for member in tar.getmembers():
            target = os.path.normpath(os.path.join(folder, member.name))
            if not (member.isfile() or member.isdir()) or not (target + "/").startswith(str(folder) + "/"):
                sys.exit(f"the artifact holds {member.name!r}, which is no plain file inside it")
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        tar.extractall(folder)  # noqa: S202 - every member was looked at above


def checksums(folder: pathlib.Path) -> str:
    """What `sha256sum` would print for all files of a generation, by path."""
    lines = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = pathlib.Path(base, name)
            if path.name != "MANIFEST.sha256" or path.parent != folder:
                lines.append(f"{digest(path)}  {path.relative_to(folder)}\n")
    return "".join(sorted(lines, key=lambda line: line[66:]))


def stage(want: dict[str, Any], home: pathlib.Path, target: pathlib.Path) -> None:
    """Build the generation beside the others, and rename it into its place."""
    fresh = home / f".{want['generation']}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    if digest(want["artifact"]) != want["sha256"]:
        sys.exit(f"the artifact {want['artifact']} arrived damaged")
    fresh.mkdir(mode=0o755, parents=True)
    unpack(want["artifact"], fresh / "release")
    for name, (text, mode) in want["files"].items():
        put(fresh / name, text, mode)
    put(fresh / "MANIFEST.sha256", checksums(fresh), "0600")
    os.chmod(fresh, 0o755)  # noqa: S103 - the service's user has to enter it
    aside = home / f".{want['generation']}.old"
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists() or target.is_symlink():
        os.replace(target, aside)
    os.replace(fresh, target)
    if aside.is_symlink() or aside.is_file():
        aside.unlink()
    shutil.rmtree(aside, ignore_errors=True)
    os.sync()


def prune(home: pathlib.Path, keep: int, spared: Collection[str | None]) -> None:
    """Remove the oldest generations beyond `keep`, never one that is current, pending or just staged."""
    others = sorted(
        (p for p in home.iterdir() if p.is_dir() and p.name[0] != "." and p.name not in spared),
        key=lambda p: p.stat().st_mtime,
    )
    for path in others[: max(0, len(others) + len(spared) - keep)]:
        shutil.rmtree(path, ignore_errors=True)


def main() -> None:
    """Do what one request asks."""
    os.umask(0o022)
    want = json.loads(sys.stdin.readline())
    folder = DATA / want["instance"]
    home, link = folder / "generations", folder / "current"
    target = home / want["generation"]
    current = os.path.basename(os.readlink(link)) if link.is_symlink() else None
    if want["repair"] and current == want["generation"]:
        put(folder / "repair-pending", "", "0644")
    stage(want, home, target)
    spared = {want["generation"], current}
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        pending = json.loads((folder / "pending.json").read_text())
        spared |= {pending["from"], pending["to"]}
    prune(home, want["keep"], spared - {None})
    os.utime(want["artifact"])
    archives = sorted(pathlib.Path(want["artifact"]).parent.glob("*.tar.gz"), key=os.path.getmtime)
    for archive in archives[:-ARTIFACTS]:
        archive.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
