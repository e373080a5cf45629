"""Puts one generation beside the others, or a program in its place, whole or not at all.

Reads one line of JSON from standard input, for a generation or for a program:

{"instance", "generation", "artifact": path, "sha256", "files": {name: [text, mode]}, "keep": N, "repair": bool,
 "spare": names of generations that have to stay, which may be missing}
{"program": folder, "artifact": path of a tarball, which is removed, "sha256"}

Runs on the host, as root, in one exec. With "repair" an instance that runs this very generation is marked for a
restart. Python 3.10, standard library.
"""

import compileall
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import sys
import tarfile
from collections.abc import Collection, Iterator
from typing import Any

DATA = pathlib.Path("/var/lib/alert-threader")
SLOT = "--prev"  # the end of the name of an instance's second slot, from which the instance may have to go on
CONFIRMED = 2  # generations that were confirmed last: what runs, and what one goes back to
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


def unpack(archive: str, folder: pathlib.Path, links: bool = False) -> None:
    """Unpack a release; a member that would leave the folder is refused, and so is a link unless `links` allows it."""
    folder.mkdir(mode=0o755)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = lambda member, _: member  # newer Pythons would set other modes
        for member in tar.getmembers():
            target = os.path.normpath(os.path.join(folder, member.name))
            plain = member.isfile() or member.isdir()
            if member.issym() and links and not os.path.isabs(member.linkname):
                plain = within(os.path.join(os.path.dirname(target), member.linkname), folder)
            if not plain or not within(target, folder):
                sys.exit(f"the artifact holds {member.name!r}, which is no plain file inside it")
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        tar.extractall(folder)  # noqa: S202 - every member was looked at above


def within(path: str, folder: pathlib.Path) -> bool:
    """Whether a path is a folder or lies in it."""
    return (os.path.normpath(path) + "/").startswith(str(folder) + "/")


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
    # What is in Python starts in half the time; nothing of it is run, and what can not be compiled stays as it is.
    compileall.compile_dir(fresh / "release", quiet=2, stripdir=str(fresh), prependdir=str(target))
    for name, (text, mode) in want["files"].items():
        put(fresh / name, text, mode)
    put(fresh / "MANIFEST.sha256", checksums(fresh), "0600")
    os.chmod(fresh, 0o755)  # noqa: S103 - the service's user has to enter it
    aside = home / f".{want['generation']}.old"
    shutil.rmtree(aside, ignore_errors=True)
    if target.exists() or target.is_symlink():
        os.replace(target, aside)
    os.replace(fresh, target)
    os.sync()


@contextlib.contextmanager
def alone(home: pathlib.Path) -> Iterator[None]:
    """While this lasts no other staging of the instance is at work: what lies half done beside it belongs to nobody."""
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def prune(home: pathlib.Path, keep: int, spared: Collection[str]) -> None:
    """Remove what dead stagings left, and the oldest generations beyond `keep`, except those that are spared."""
    for path in (path for end in ("new", "old") for path in home.glob(f".*.{end}")):
        if path.is_symlink() or path.is_file():
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)
    found = sorted((p for p in home.iterdir() if p.is_dir() and p.name[0] != "."), key=lambda p: p.stat().st_mtime)
    others = [path for path in found if path.name not in spared]
    for path in others[: max(0, len(found) - keep)]:
        aside = home / f".{path.name}.old"  # no part of a generation is ever taken for a whole one
        os.replace(path, aside)
        shutil.rmtree(aside, ignore_errors=True)


def needed(folder: pathlib.Path) -> set[str]:
    """The generations that run, here or in its second slot, that a switch is about, and that were confirmed last."""
    links = (folder / "current", folder.with_name(f"{folder.name}{SLOT}") / "current")
    found: list[object] = [os.path.basename(os.readlink(link)) for link in links if link.is_symlink()]
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        pending = json.loads((folder / "pending.json").read_text())
        found += [pending["from"], pending["to"]]
    confirmed: dict[str, None] = {}
    with contextlib.suppress(OSError):
        for line in reversed((folder / "ledger.jsonl").read_text(errors="replace").splitlines()):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                if entry["verdict"] == "confirmed" and len(confirmed) < CONFIRMED:
                    confirmed[str(entry["to"])] = None
    return {str(name) for name in (*found, *confirmed)}


def install(want: dict[str, Any]) -> None:
    """Unpack a tarball in the place of a folder; where all of it lies in one folder, that is the one."""
    archive, target = pathlib.Path(want["artifact"]), pathlib.Path(want["program"])
    fresh, aside = (target.with_name(f".{target.name}.{end}") for end in ("new", "old"))
    try:
        if digest(archive) != want["sha256"]:
            sys.exit(f"the tarball for {target} arrived damaged")
        for path in (fresh, aside):
            shutil.rmtree(path, ignore_errors=True)
        unpack(str(archive), fresh, links=True)
        inner = list(fresh.iterdir())
        made = inner[0] if len(inner) == 1 and inner[0].is_dir() and not inner[0].is_symlink() else fresh
        put(made / ".sha256", want["sha256"] + "\n", "0644")
        if target.exists() or target.is_symlink():
            os.replace(target, aside)
        os.replace(made, target)
        os.sync()
    finally:
        archive.unlink(missing_ok=True)
        for path in (fresh, aside):
            path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path, ignore_errors=True)


def main() -> None:
    """Do what one request asks."""
    os.umask(0o022)
    want = json.loads(sys.stdin.readline())
    if "program" in want:
        return install(want)
    folder = DATA / want["instance"]
    home, link = folder / "generations", folder / "current"
    with alone(home):
        if want["repair"] and link.is_symlink() and os.path.basename(os.readlink(link)) == want["generation"]:
            put(folder / "repair-pending", "", "0644")
        stage(want, home, home / want["generation"])
        prune(home, want["keep"], {want["generation"], *want.get("spare", ()), *needed(folder)})
    os.utime(want["artifact"])
    archives = sorted(pathlib.Path(want["artifact"]).parent.glob("*.tar.gz"), key=os.path.getmtime)
    for archive in archives[:-ARTIFACTS]:
        archive.unlink(missing_ok=True)
    return None


if __name__ == "__main__":
    main()
