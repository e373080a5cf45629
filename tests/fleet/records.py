"""What a host remembers of its instances, read without SSH."""

import json
import time
from collections.abc import Callable

from tests.fleet.lab import Lab

HOME = "/var/lib/alert-threader"


def ledger(lab: Lab, host: str, instance: str) -> list[dict]:
    """The ledger of an instance, oldest line first."""
    path = lab.inside(host, f"{HOME}/{instance}/ledger.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def current(lab: Lab, host: str, instance: str) -> str:
    """What `current` leads to."""
    return str(lab.inside(host, f"{HOME}/{instance}/current").readlink())


def pending(lab: Lab, host: str, instance: str) -> bool:
    """Whether a switch is under way, or was left."""
    return lab.inside(host, f"{HOME}/{instance}/pending.json").exists()


def until(what: Callable[[], object], patience: float = 60.0, pause: float = 0.01) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, what
        time.sleep(pause)
