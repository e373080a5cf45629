"""Hosts and engine that are only objects: what resources ask of them, and what is on them."""

import asyncio
from collections import defaultdict

from deploy.faults import Place, recognise
from deploy.manifest.environment import render
from deploy.manifest.host import host_manifest
from deploy.manifest.instance import instance_manifest
from deploy.manifest.paths import DATA_DIRECTORY, USER

DIGEST = "ab" * 32
RIGHTS = {"env": "root:root 0600", "settings.json": "root:root 0644", "unit.conf": "root:root 0644"}
SETTINGS = {"settings.json": "{}\n", "unit.conf": "[Unit]\n"}


def connection(host):
    return {"host": host, "address": f"addr-{host}", "user": "root", "port": 22.0, "key": None, "known_hosts": None}


def fault(host, message="Connection refused"):
    return recognise(Place(host, f"addr-{host}"), message)


def snapshot_of(manifest, instances=None):
    """What a snapshot of a host would be on which a manifest is as wanted."""
    paths = {path: {"directory": access} for path, access in manifest.directories.items()}
    paths |= {path: {"file": text, "access": manifest.access[path]} for path, text in manifest.files.items()}
    paths |= {path: {"link": target} for path, target in manifest.links.items()}
    account = {"uid": 999, "home": DATA_DIRECTORY, "shell": "/usr/sbin/nologin"}
    users = {USER: account if USER in manifest.users else None}
    return {"paths": paths, "users": users, "instances": instances or {}, "artifacts": [], "systemd": True}


def running_instance(generation="1.0-a", env=None, state="active", **changes):
    """An instance in a snapshot, with one staged generation."""
    files = {"env": render(env or {}), **SETTINGS, "MANIFEST.sha256": ""}
    access = {**RIGHTS, "MANIFEST.sha256": "root:root 0600"}
    return {
        "current": f"generations/{generation}",
        "generations": {generation: {"files": files, "access": access, "damaged": []}},
        "pending": False,
        "repair": False,
        "unit": {"ActiveState": state},
        **changes,
    }


class FakeFleet:
    """Hosts by name: a snapshot, or the fault with which each answers. Every contact is noted in `calls`."""

    def __init__(self, **hosts):
        self.hosts = hosts
        self.calls = []
        self.answers = defaultdict(lambda: {"begin": "healthy", "confirm": "confirmed", "undo": "reverted"})

    async def _contact(self, verb, connection, *arguments):
        self.calls.append((verb, connection["host"], *arguments))
        await asyncio.sleep(0)
        found = self.hosts[connection["host"]]
        if isinstance(found, Exception):
            raise found
        return found

    async def snapshot(self, connection):
        return await self._contact("snapshot", connection)

    async def fresh(self, connection):
        return await self._contact("fresh", connection)

    async def apply(self, connection, changes, access):
        await self._contact("apply", connection, tuple(changes))

    async def stage(self, connection, request, artifact):
        await self._contact("stage", connection, request, artifact)

    async def forget(self, connection, instance, *, purge):
        await self._contact("forget", connection, instance, purge)

    async def run(self, connection, *words):
        await self._contact("run", connection, *words)
        return []

    async def activate(self, connection, *words):
        found = await self._contact("activate", connection, *words)
        verb, instance = words[0], words[1]
        state = self.answers[instance].get(verb, "stopped")
        if verb == "begin" and state == "healthy":
            found["instances"][instance] = running_instance(words[2])
        return {"state": state, "reason": f"reason of {instance}"}

    def did(self, *verbs):
        return [call for call in self.calls if call[0] in verbs]


class FakeEngine:
    """Keeps what was told."""

    def __init__(self):
        self.told = []

    def progress(self, urn, text):
        self.told.append(("progress", text))

    def note(self, urn, text):
        self.told.append(("note", text))

    def warn(self, urn, text):
        self.told.append(("warn", text))

    def texts(self, kind):
        return [text for each, text in self.told if each == kind]


def host_inputs(host="h1", **changes):
    return {
        "connection": connection(host),
        "lost": False,
        "unreachable": "fail",
        **host_manifest().sections(),
        **changes,
    }


def instance_inputs(env=None, host="h1", generation="1.0-a", **changes):
    sections = instance_manifest("py-a").sections()
    return {
        "instance": "py-a",
        "host": host,
        "connection": connection(host),
        "lost": False,
        "unreachable": "fail",
        "generation": generation,
        "release": DIGEST,
        "artifact": "dist/x.tar.gz",
        "keep": 5.0,
        "env": env or {},
        "settings": SETTINGS,
        "rights": RIGHTS,
        "directories": sections["directories"],
        "links": sections["links"],
        **changes,
    }


def rollout_inputs(instances, placement, lost=(), **settings):
    hosts = sorted({*placement.values(), *lost})
    return {
        "instances": instances,
        "placement": placement,
        "hosts": {host: connection(host) for host in hosts},
        "lost": list(lost),
        "settings": {"strategy": "all-at-once", "unreachable": "fail", "confirm_within": 60.0, **settings},
    }
