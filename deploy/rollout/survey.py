"""What a rollout reads from the snapshots of hosts. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deploy.manifest.paths import SLOT, server_name
from deploy.manifest.running import NOTHING, running
from deploy.rollout.home import Slot
from deploy.rollout.lease import counter_of
from deploy.rollout.ledger import Entry, entries, merged, rejected

Snapshot = Mapping[str, Any]


def ports_of(instance: str, snapshot: Snapshot) -> dict[str, int]:
    """Where what runs of an instance answers, if its generation says so."""
    found = snapshot["instances"].get(instance) or {"generations": {}, "current": None}
    running_one = found["generations"].get(str(found["current"]).rpartition("/")[2], {"files": {}})
    try:
        return {instance: int(json.loads(running_one["files"]["settings.json"])["port"])}
    except (LookupError, ValueError, TypeError):
        return {}


def drained_at(edges: Mapping[str, Snapshot], instance: str, host: str, port: float | None) -> list[str]:
    """The hosts of the edges that know an instance and send nothing to it, since they were told so."""
    server = server_name(instance, host, int(port or 0))
    admins = {edge: ((found.get("edge") or {}).get("servers") or {}).get(server) for edge, found in edges.items()}
    return [edge for edge, known in sorted(admins.items()) if known and known["admin"] != "ready"]


def arrivals(
    wanted: Mapping[str, str],
    places: Mapping[str, str],
    snapshots: Mapping[str, Snapshot],
    edges: Mapping[str, Snapshot],
) -> tuple[dict[str, str], dict[str, int]]:
    """What runs, and at which ports, of instances that were found on another host than the one that is wanted."""
    phrases, ports = dict[str, str](), dict[str, int]()
    for name, host in wanted.items():
        if places.get(name, host) != host and host in snapshots:
            port = ports_of(name, snapshots[host])
            phrase = running(name, snapshots[host], drained_at(edges, name, host, port.get(name)))
            if phrase != NOTHING:
                phrases[name] = phrase
                ports |= port
    return phrases, ports


def rejections(snapshots: Mapping[str, Snapshot]) -> dict[str, dict[str, str]]:
    """Of each instance the generations that were rolled back, each with why, as one sentence."""
    told = {name: rejected(ledger) for name, ledger in ledgers(snapshots).items()}
    return {name: {generation: str(each) for generation, each in why.items()} for name, why in told.items() if why}


def ledgers(snapshots: Mapping[str, Snapshot]) -> dict[str, tuple[Entry, ...]]:
    """What all hosts remember of each instance, as one ledger; one that has moved has a part of it on each host."""
    found: dict[str, list[tuple[Entry, ...]]] = {}
    for host, snapshot in sorted(snapshots.items()):
        for name, instance in snapshot["instances"].items():
            if name.endswith(SLOT):  # what goes on there rejects and pins nothing
                continue
            found.setdefault(name, []).append(entries(instance.get("ledger", ()), host))
    return {name: merged(parts) for name, parts in found.items()}


def slots_of(snapshots: Mapping[str, Snapshot]) -> dict[str, Slot]:
    """The second slots that exist, by the name of the instance."""
    return {
        name.removesuffix(SLOT): Slot(host, ports_of(name, snapshot).get(name), running(name, snapshot))
        for host, snapshot in sorted(snapshots.items())
        for name in sorted(snapshot["instances"])
        if name.endswith(SLOT)
    }


def seen_counter(snapshots: Iterable[Snapshot]) -> int:
    """The highest counter of a lease that any of the hosts remembers."""
    tokens = ["0"]
    for snapshot in snapshots:
        tokens.append(str((snapshot.get("lease") or {}).get("token", "0")))
        tokens += [str(record.get("token", "0")) for record in snapshot.get("rollouts", ())]
    return max(map(counter_of, tokens))
