"""The hosts as resources see them: snapshots that are taken once, and writes after which they are taken again."""

import asyncio
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from deploy.errors import ForPeople
from deploy.faults import HostFault
from deploy.hosts.client import Connection, Hosts
from deploy.manifest.items import Change
from deploy.manifest.packages import PACKAGES
from deploy.manifest.paths import USER

INSTALLED: Final = frozenset({"sources", "masks", "packages"})
"""The sections that are made first, and beside whatever else is done on a host."""
PATHS: Final = frozenset({"directories", "programs", "files", "access", "links", "units"})
"""The sections in which what is made may be in the place of something else."""


class LostHost(ForPeople):
    """Something would have to be removed from a host that does not answer."""


class Fleet:
    """Access to the hosts, with one cached snapshot each: one exec a host and engine phase, whatever the resources."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._snapshots: dict[str, tuple[frozenset[str], asyncio.Task[dict[str, Any]]]] = {}

    async def snapshot(self, connection: Connection, packages: Iterable[str] = ()) -> dict[str, Any]:
        """All that is ours on a host, as it was when it was first asked for; raises HostFault, also only once found.

        It tells of our usual packages; for `packages` of other names the host may have to be asked again.
        """
        key = json.dumps(connection, sort_keys=True)
        asked, task = self._snapshots.get(key, (PACKAGES, None))
        names = asked | {*packages}
        if task is None or names != asked:
            asking = self._hosts.ask(connection, "snapshot", paths=[], users=[USER], packages=sorted(names))
            task = asyncio.ensure_future(asking)
            self._snapshots[key] = names, task
        return await asyncio.shield(task)

    async def fresh(self, connection: Connection, packages: Iterable[str] = ()) -> dict[str, Any]:
        """The same, as it is now."""
        self._drop(connection)
        return await self.snapshot(connection, packages)

    async def apply(
        self,
        connection: Connection,
        changes: Sequence[Change],
        access: Mapping[str, str],
        artifact: str | None = None,
    ) -> None:
        """Make `changes`; a file comes together with its `access`, a program in `artifact`, a file of this machine."""
        wire = wired(changes, access, artifact)
        first = [each for each in wire if each[0] in INSTALLED and each[3] is not None]
        rest = [each for each in wire if each not in first]
        if first:
            await self._write(connection, "install", changes=first)
        if rest:
            await self._write(connection, "apply", changes=rest)

    async def stage(self, connection: Connection, request: Mapping[str, Any], artifact: str | None) -> None:
        """Stage a generation."""
        await self._write(connection, "stage", request=request, artifact=artifact)

    async def forget(self, connection: Connection, instance: str, *, purge: bool) -> None:
        """Stop an instance and remove what it has."""
        await self._write(connection, "forget", instance=instance, purge=purge)

    async def part(self, connection: Connection, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have a part of the monitoring run what is written: see `deploy/hosts/helper/part.py`."""
        answer: dict[str, Any] = await self._write(connection, "part", request=request)
        return answer

    async def call(self, connection: Connection, words: Sequence[str], stdin: str = "") -> list[str]:
        """Run a command as root, with a text on its standard input if there is one; the lines that it prints."""
        more = {"stdin": stdin} if stdin else {}
        output: list[str] = await self._write(connection, "run", words=list(words), **more)
        return output

    async def ask(self, connection: Connection, script: str, request: object, seconds: float) -> list[str]:
        """Run one of our scripts that change nothing, with a request on its input; the lines that it prints."""
        output: list[str] = await self._hosts.ask(connection, "script", name=script, request=request, seconds=seconds)
        return output

    async def _write(self, connection: Connection, task: str, **arguments: object) -> Any:
        self._drop(connection)
        try:
            return await self._hosts.ask(connection, task, **arguments)
        finally:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._snapshots.pop(json.dumps(connection, sort_keys=True), None)


def wired(changes: Sequence[Change], access: Mapping[str, str], artifact: str | None = None) -> list[list[Any]]:
    """Changes as the worker takes them: a file with its access rights, a program with its tarball.

    What is being replaced is not removed.
    """
    written = {change.name for change in changes if change.section == "files" and change.wanted is not None}
    made = {change.name for change in changes if change.wanted is not None and change.section in PATHS}
    wire: list[list[Any]] = []
    for change in changes:
        if change.section == "access" and (change.name in written or change.wanted is None):
            continue
        if change.wanted is None and change.name in made:
            continue
        wanted = change.wanted
        if change.section == "files" and wanted is not None:
            wanted = json.dumps([wanted, access[change.name]])
        if change.section == "programs" and wanted is not None:
            wanted = json.dumps([wanted, artifact])
        wire.append([change.section, change.name, change.found, wanted])
    return wire


def given_up(host: str, lost: bool) -> bool:
    """Whether the operator has said that a host is gone for good: `lost: true`, or THREADER_LOST names it."""
    return lost or host in os.environ.get("THREADER_LOST", "").replace(",", " ").split()


@contextmanager
def removing() -> Iterator[None]:
    """Around what removes something from a host: one that does not answer is told with how to give it up."""
    try:
        yield
    except HostFault as fault:
        raise (removal_fault(fault) if fault.fault.contact else fault) from fault


def removal_fault(fault: HostFault) -> LostHost:
    """Nothing is forgotten silently: the text says how to say that a host is gone for good."""
    host = fault.place.host
    return LostHost(
        f"host {host} ({fault.place.address}): {fault.reason}, so nothing was removed there, and what runs goes on; "
        f"next, if it is gone for good: THREADER_LOST={host} pulumi up (or destroy)"
    )
