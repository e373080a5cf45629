"""Records of rollouts and snapshots of hosts, as they lie on hosts."""

import json

PLACES = {"py-a": "app-1", "py-b": "app-2"}
PORTS = {"py-a": 9009, "py-b": 9010}


def release(version):
    """A generation of each instance."""
    return {name: f"{version}-{name[-1] * 10}" for name in PLACES}


def record(number, verdict, version="1.0.0", purpose="deploy", by="alice@laptop", minute=0, **changes):
    """One record of the rollout with that number."""
    return {
        "id": f"r{number}",
        "token": f"{number}:5c0ffee",
        "at": f"2026-11-24T12:{number:02}:{minute:02}Z",
        "by": by,
        "purpose": purpose,
        "strategy": "rolling",
        "verdict": verdict,
        "reason": None,
        "before": {},
        "instances": release(version),
        "placement": PLACES,
        "ports": PORTS,
        "hosts": {host: {"address": f"addr-{host}", "user": "root", "port": 22} for host in PLACES.values()},
        "edges": [],
        "settings": {"strategy": "rolling", "batch": 1, "max_unavailable": 1},
        **changes,
    }


def both(number, version="1.0.0", verdict="done", **changes):
    """Begin and end of a rollout that took 12 s."""
    return [record(number, "begun", version, **changes), record(number, verdict, version, minute=12, **changes)]


def instance(generation, kept=(), port=9009, active="active", damaged=()):
    """An instance in a snapshot."""
    files = {"settings.json": json.dumps({"port": port})}
    generations = {
        each: {"files": files, "damaged": list(damaged)} for each in (*kept, *([generation] if generation else []))
    }
    return {
        "current": f"generations/{generation}" if generation else None,
        "generations": generations,
        "pending": False,
        "repair": False,
        "unit": {"ActiveState": active},
    }


def snapshots(runs, kept=(), rollouts=(), lease=None, **instances):
    """Both hosts: the release that runs, the releases that are kept, and what they remember."""
    return {
        host: {
            "instances": {
                name: instances.get(name)
                or instance(release(runs)[name], [release(each)[name] for each in kept], PORTS[name])
            },
            "rollouts": list(rollouts),
            "lease": lease,
            "edge": None,
            "systemd": True,
        }
        for name, host in PLACES.items()
    }
