"""The machine-wide list of subnets in use, so that checkouts that start at the same time never pick the same one."""

import json
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import network, record, subnet
from tools.fleet.locks import MACHINE, Say, held

FILE = "subnets.json"


def claim(state: Path, wanted: IPv4Network | None, say: Say, machine: Path = MACHINE) -> record.Record:
    """Choose the subnet of the fleet in `state` and record it, both here and there, under the machine's lock."""
    with held(machine / "subnets.lock", "choosing a subnet", say):
        identity, before = record.identity(state), record.load(state)
        others = {net: path for net, path in _live(machine).items() if path != state.resolve()}
        routes = network.foreign_routes(identity)
        chosen = subnet.choose(wanted, before.subnet if before else None, others, routes)
        after = record.save(state, identity, chosen)
        _write(machine, {**others, chosen: state.resolve()})
        return after


def _live(machine: Path) -> Mapping[IPv4Network, Path]:
    """Return the claims whose state folder still says the same: others are of deleted checkouts."""
    try:
        listed = json.loads((machine / FILE).read_text())
    except (OSError, ValueError):
        return {}
    pairs = ((IPv4Network(text), Path(state)) for text, state in listed.items())
    return {net: state for net, state in pairs if (found := record.load(state)) and found.subnet == net}


def _write(machine: Path, claims: Mapping[IPv4Network, Path]) -> None:
    fresh = machine / f"{FILE}.new"
    fresh.write_text(json.dumps({str(net): str(state) for net, state in claims.items()}, indent=2))
    fresh.replace(machine / FILE)
