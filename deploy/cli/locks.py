"""Pulumi's locks in a file backend: they never expire, so that a killed command leaves its own behind for ever.

Other backends have no files to look at here: there Pulumi's own message names the owner, and `pulumi cancel`.
"""

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import typer

from deploy.cli import pulumi
from deploy.cli.errors import CliError
from deploy.cli.processes import Machine, this_machine
from deploy.settings.errors import NAMESPACE


@dataclass(frozen=True)
class Lock:
    """Who holds a stack, since when; `path` is the lock's file."""

    path: Path
    user: str
    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"


def clear_stale(stack: str) -> None:
    """Remove the locks of a stack whose owners are provably dead, and say so; raises CliError if one may be alive."""
    for lock in _locks(stack):
        reason = dead(lock, this_machine())
        if reason is None:
            raise CliError(f"stack {stack} is locked by {lock}{_doubt(lock)}", _after(stack))
        remove(lock)
        typer.echo(f"cleared the lock of {lock}: {reason}")


def living(stack: str) -> Lock | None:
    """The lock of an owner that may be alive, if there is one."""
    return next((lock for lock in _locks(stack) if dead(lock, this_machine()) is None), None)


def _locks(stack: str) -> Iterable[Lock]:
    folder = folder_of(str(pulumi.ask_json("whoami").get("url", "")), stack)
    return held(folder) if folder else ()


def folder_of(url: str, stack: str) -> Path | None:
    """Where a file backend keeps the locks of a stack of ours; None of any other backend."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    base = Path(unquote(parts.netloc + parts.path)).expanduser()
    return base / ".pulumi" / "locks" / "organization" / NAMESPACE / stack.rpartition("/")[2]


def held(folder: Path) -> Iterable[Lock]:
    """The locks in a folder; one that is gone or half written while we look is left to Pulumi."""
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text())
            since = datetime.fromisoformat(content["timestamp"][:19]).replace(tzinfo=UTC)
            yield Lock(path, content["username"], content["hostname"], int(content["pid"]), since)
        except (OSError, ValueError, LookupError):
            continue


def dead(lock: Lock, machine: Machine) -> str | None:
    """Why the owner of a lock is certainly dead, or None when there is any doubt. Pure but for `machine`."""
    if lock.host != machine.name:
        return None
    if lock.since < machine.booted:
        return "this machine has booted since"
    return machine.gone(lock.pid, "pulumi")


def remove(lock: Lock) -> None:
    """Remove one lock; its file has a name of its own, so that nobody else's can be hit."""
    lock.path.unlink(missing_ok=True)
    lock.path.with_name(f"{lock.path.name}.attrs").unlink(missing_ok=True)


def _doubt(lock: Lock) -> str:
    return "" if lock.host == socket.gethostname() else ", which is another machine, so that we can not see if it lives"


def _after(stack: str) -> str:
    wait = f"wait for it, or have it go back first: threader deploy --supersede --stack {stack}"
    return f"{wait}; if you know that it is dead, for two at once spoil the state: pulumi cancel --stack {stack}"
