"""Hosts and engine that are only objects: what resources ask of them, and what is on them."""

import asyncio
import json
from collections import defaultdict

from deploy.faults import Place, recognise
from deploy.manifest.environment import render
from deploy.manifest.host import host_manifest
from deploy.manifest.instance import instance_manifest
from deploy.manifest.paths import DATA_DIRECTORY, EDGE_HELPER, HELPER, USER, sources_path

DIGEST = "ab" * 32
RIGHTS = {"env": "root:root 0600", "settings.json": "root:root 0644", "unit.conf": "root:root 0644"}
FREE = {
    "lease": {"state": "granted"},
    "release": {"state": "released"},
    "note": {"state": "noted"},
    "drain": {"state": "drained"},
    "admit": {"state": "ready"},
    "retire": {"state": "retired"},
}
"""The answers that no test asks to be others."""
NO_INSTANCE = {"current": None, "generations": {}, "pending": False, "repair": False, "unit": None}
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
    paths |= {f"/etc/systemd/system/{name}": {"link": "/dev/null"} for name in manifest.masks}
    rights = {"access": "root:root 0644"}
    paths |= {sources_path(name): {"file": text, **rights} for name, text in manifest.sources.items()}
    known = {
        "packages": dict(manifest.packages),
        "units": dict(manifest.units),
        "programs": dict(manifest.programs),
    }
    found = {"paths": paths, "users": users, **known, "instances": instances or {}}
    return {**found, "artifacts": [], "systemd": True}


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
        self.sick = {}
        self.answers = defaultdict(lambda: {"begin": "healthy", "confirm": "confirmed", "undo": "reverted"})

    async def _contact(self, verb, connection, *arguments):
        self.calls.append((verb, connection["host"], *arguments))
        await asyncio.sleep(0)
        found = self.hosts[connection["host"]]
        if isinstance(found, Exception):
            raise found
        return found

    async def snapshot(self, connection, packages=()):
        return await self._contact("snapshot", connection)

    async def fresh(self, connection, packages=()):
        return await self._contact("fresh", connection)

    async def apply(self, connection, changes, access, artifact=None):
        await self._contact("apply", connection, tuple(changes))

    async def stage(self, connection, request, artifact):
        await self._contact("stage", connection, request, artifact)

    async def forget(self, connection, instance, *, purge):
        await self._contact("forget", connection, instance, purge)

    async def ask(self, connection, script, request, seconds):
        raise AssertionError(f"nothing is asked with {script}")

    async def call(self, connection, words, stdin=""):
        """Run words as root; the helpers answer as their verbs do."""
        name = {HELPER: "activate", EDGE_HELPER: "edge"}.get(words[0])
        if name is None:
            await self._contact("run", connection, *words)
            return []
        found = await self._contact(name, connection, *words[1:])
        return [json.dumps(self._answer(found, *words[1:]))]

    def _answer(self, found, verb, *words):
        if verb in FREE:
            return FREE[verb]
        if verb == "survey":
            return {name: self.sick.get(name) for name in words}
        instance = words[0]
        state = self.answers[instance].get(verb)
        if verb == "begin" and state == "healthy":
            found["instances"][instance] = running_instance(words[1]) if words[1] != "-" else {**NO_INSTANCE}
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


def rollout_inputs(instances, placement, lost=(), edges=(), ports=None, **settings):
    hosts = sorted({*placement.values(), *lost, *edges})
    return {
        "instances": instances,
        "placement": placement,
        "ports": {name: float(port) for name, port in (ports or {}).items()},
        "hosts": {host: connection(host) for host in hosts},
        "edges": list(edges),
        "lost": list(lost),
        "settings": {
            "strategy": "all-at-once",
            "unreachable": "fail",
            "confirm_within": 60.0,
            "batch": None,
            "max_unavailable": None,
            "wait": 0.0,
            "progress_deadline": 600.0,
            "drain": 10.0,
            "deadline": 30.0,
            "order": [],
            **settings,
        },
    }
