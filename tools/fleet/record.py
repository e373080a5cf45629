"""What a fleet remembers between commands: `fleet.json` in its state folder."""

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import names, owner


@dataclass(frozen=True)
class Record:
    """`identity` names links and groups, `subnet` is claimed, `state` is where the folder was at the time."""

    identity: str
    subnet: IPv4Network
    state: Path


def load(state: Path) -> Record | None:
    """Return the record of the fleet in `state`; None if there is none or it cannot be read.

    A folder that was moved keeps its identity (its fleet may be running); a copy gets one of its own.
    """
    try:
        raw = json.loads((state / "fleet.json").read_text())
        record = Record(str(raw["identity"]), IPv4Network(raw["subnet"]), Path(raw["state"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    copied = record.state != state.resolve() and record.state.exists()
    return None if copied else record


def save(state: Path, identity: str, subnet: IPv4Network) -> Record:
    """Write the record and return it."""
    record = Record(identity, subnet, state.resolve())
    text = json.dumps({"identity": identity, "subnet": str(subnet), "state": str(record.state)}, indent=2)
    owner.write(state / "fleet.json", text + "\n")
    return record


def identity(state: Path) -> str:
    """Return the fleet's identity, remembered or new."""
    record = load(state)
    return record.identity if record else names.identity(state)
