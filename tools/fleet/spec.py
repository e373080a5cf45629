"""What the process of one host is told when it is started."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class BootSpec:
    """One host. `address` is with prefix length; sizes are in MB; `host_key` is the private key's file."""

    identity: str
    number: int
    base: str
    folder: str
    root_mb: int
    var_mb: int
    address: str
    gateway: str
    apt_port: int
    host_key: str
    client_key: str


def dump(specs: Iterable[BootSpec]) -> str:
    """Return the specs as one line of JSON."""
    return json.dumps([asdict(spec) for spec in specs])


def load(text: str) -> tuple[BootSpec, ...]:
    """Read what `dump` wrote."""
    return tuple(BootSpec(**raw) for raw in json.loads(text))
