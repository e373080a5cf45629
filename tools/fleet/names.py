"""Names and addresses that follow from the fleet's identity and a host's number (1, 2, ...)."""

import hashlib
import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from tools.fleet.errors import FleetError

MAX_HOSTS = 200
FIRST = 10
"""Host N has the address FIRST + N of the subnet; the machine itself has the first one."""


def fleet(name: str) -> str:
    """Return `name` if it can name a fleet (and its state folder): lower-case letters, digits and dashes."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise FleetError(f"fleet name {name!r}: only lower-case letters, digits and dashes", "use a name like dev")
    return name


def identity(state: Path) -> str:
    """Return eight hex digits for a state folder; links, groups and tables of its fleet carry them."""
    return hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:8]


def bridge(identity: str) -> str:
    """Return the name of the fleet's bridge (10 characters; 15 are allowed)."""
    return f"fl{identity}"


def link(identity: str, number: int) -> str:
    """Return the name of this machine's end of a host's link (at most 14 characters)."""
    return f"fl{identity}-{number}"


def mac(identity: str, number: int) -> str:
    """Return a host's MAC address (0: the bridge's). It is fixed: no neighbour remembers a wrong one."""
    pairs = (identity[0:2], identity[2:4], identity[4:6], f"{number >> 8:02x}", f"{number & 255:02x}")
    return ":".join(("02", *pairs))


def host(number: int) -> str:
    """Return the host name of host `number`."""
    return f"app-{number}"


def number(name: str) -> int:
    """Return the number of the host called `name`; a bare number is accepted too."""
    found = re.fullmatch(r"(?:app-)?([1-9][0-9]{0,2})", name)
    if not found or int(found[1]) > MAX_HOSTS:
        raise FleetError(f"{name!r} is not the name of a host: app-1, app-2, ...", "python -m tools.fleet list")
    return int(found[1])


def gateway(subnet: IPv4Network) -> IPv4Address:
    """Return this machine's own address in the fleet: what a host uses to reach a service here."""
    return subnet[1]


def address(subnet: IPv4Network, number: int) -> IPv4Address:
    """Return the address of host `number`."""
    return subnet[FIRST + number]


def capacity(subnet: IPv4Network) -> int:
    """Return how many hosts fit."""
    return min(MAX_HOSTS, subnet.num_addresses - FIRST - 2)
