"""The rollouts of a fleet and its instances, as a look at each host finds them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.cli.account import Account, accounts, told
from deploy.cli.journal import json_object
from deploy.cli.known import Known
from deploy.cli.look import SECONDS, Asks, Look, look
from deploy.errors import parted
from deploy.faults import HostFault
from deploy.manifest.paths import DATA_DIRECTORY
from deploy.provider.fleet import given_up
from deploy.rollout.history import history
from deploy.rollout.story import Story


@dataclass(frozen=True)
class Scene:
    """What was found on the hosts that answer, and the faults of the others."""

    known: Known
    looks: Mapping[str, Look]
    faults: Mapping[str, HostFault]

    @property
    def snapshots(self) -> dict[str, Mapping[str, Any]]:
        """What lies on each host."""
        return {host: each.snapshot for host, each in self.looks.items()}

    @property
    def unknown(self) -> list[str]:
        """Why hosts were not asked, or gave no answer."""
        return [parted(fault.text)[0] for fault in self.faults.values()]

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The rollouts, newest first."""
        return accounts(self.snapshots, history(self.snapshots.values()))

    def account(self, named: str | None = None) -> Account | None:
        """The rollout of that name, or the last one; None where no host knows it."""
        return next((each for each in self.accounts if named in (None, each.id)), None)


async def scene(hosts: Asks, known: Known) -> Scene:
    """Look at all hosts that are not given up."""
    asked = {host: each for host, each in known.connections.items() if not given_up(host, host in known.lost)}
    found = await asyncio.gather(*(_look(hosts, each) for each in asked.values()))
    both = dict(zip(asked, found, strict=True))
    looks = {host: each for host, each in both.items() if isinstance(each, Look)}
    return Scene(known, looks, {host: each for host, each in both.items() if isinstance(each, HostFault)})


async def older(hosts: Asks, known: Known, name: str) -> Story | None:
    """The story of a rollout that is not among the latest: hosts keep more than they tell unasked."""
    read = f'cat "{DATA_DIRECTORY}/stories/$1.json" 2>/dev/null || echo null'
    connections = [each for host, each in known.connections.items() if not given_up(host, host in known.lost)]
    texts = await asyncio.gather(*(_said(hosts, each, ["sh", "-c", read, "story", name]) for each in connections))
    snapshots = {str(at): {"stories": {name: json_object(text)}} for at, text in enumerate(texts)}
    return told(snapshots).get(name)


async def _look(hosts: Asks, connection: Mapping[str, Any]) -> Look | HostFault:
    try:
        return await look(hosts, connection)
    except HostFault as fault:
        return fault


async def _said(hosts: Asks, connection: Mapping[str, Any], words: list[str]) -> str:
    try:
        lines: list[str] = await hosts.ask(connection, "run", words=words, seconds=SECONDS)
    except HostFault:
        return ""
    return "\n".join(lines)
