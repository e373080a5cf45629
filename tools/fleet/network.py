"""The fleet's bridge and its hosts' links, as seen from this machine."""

import json
import subprocess
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from tools.fleet import names
from tools.fleet.errors import FleetError

METRIC = 42000
PROTOCOL = "142"
"""Marks the routes that are ours (`ip route show proto 142`); a number that nobody has given a name."""


def batch(commands: Iterable[str], ignore_errors: bool = False) -> None:
    """Run many `ip` commands in one process."""
    ip = ["ip", "-force", "-batch", "-"] if ignore_errors else ["ip", "-batch", "-"]
    done = subprocess.run(ip, input="\n".join(commands) + "\n", capture_output=True, text=True, check=False)
    if done.returncode and not ignore_errors:
        raise FleetError(f"network: {' '.join(done.stderr.split())}")


def show(*what: str) -> list[dict[str, Any]]:
    """Return what `ip -json ...` prints; nothing where it has nothing to say."""
    done = subprocess.run(["ip", "-json", *what], capture_output=True, text=True, check=False)
    return [entry for entry in json.loads(done.stdout or "[]") if entry]


def links(identity: str) -> frozenset[str]:
    """Return the names of the fleet's links here, its bridge among them."""
    return frozenset(str(link["ifname"]) for link in show("link") if link["ifname"].startswith(names.bridge(identity)))


def links_up(identity: str) -> frozenset[str]:
    """Return the names of those of them that are switched on."""
    ours = names.bridge(identity)
    return frozenset(str(link["ifname"]) for link in show("link", "show", "up") if link["ifname"].startswith(ours))


def foreign_routes(identity: str) -> tuple[IPv4Network, ...]:
    """Return the networks that this machine knows apart from the fleet's own and from the marks of past fleets."""
    routes = show("-4", "route", "show", "table", "all")
    return tuple(
        IPv4Network(route["dst"])
        for route in routes
        if route["dst"] != "default"
        and route.get("dev") != names.bridge(identity)
        and str(route.get("protocol")) != PROTOCOL
        and route.get("type") not in ("local", "broadcast", "multicast")
    )


def raise_bridge(identity: str, subnet: IPv4Network) -> None:
    """Make the bridge and give it the machine's address; the `unreachable` route comes first and stays for ever.

    Without that route packets to hosts that are gone would follow the default route to the network outside.
    """
    bridge = names.bridge(identity)
    known = bridge in links(identity)
    batch(
        [
            f"route replace unreachable {subnet} metric {METRIC} proto {PROTOCOL}",
            *([] if known else [f"link add {bridge} address {names.mac(identity, 0)} type bridge"]),
            f"addr replace {names.gateway(subnet)}/{subnet.prefixlen} dev {bridge}",
            f"link set {bridge} up",
        ]
    )


def join(identity: str, processes: dict[int, int]) -> None:
    """Give each host (number → a process in its network namespace) a link to the bridge; inside it is called host0."""
    bridge = names.bridge(identity)
    remove(identity, processes)
    commands = []
    for number, pid in processes.items():
        link = names.link(identity, number)
        inner = f"name host0 address {names.mac(identity, number)} netns {pid}"
        commands += [f"link add {link} type veth peer {inner}", f"link set {link} master {bridge} up"]
    batch(commands)


def remove(identity: str, numbers: Iterable[int]) -> None:
    """Remove hosts' links; a dying TCP connection would keep a link for minutes after its host."""
    batch(
        (f"link del {name}" for name in {names.link(identity, n) for n in numbers} & links(identity)),
        ignore_errors=True,
    )


def remove_all(identity: str) -> None:
    """Remove the bridge and every link of the fleet."""
    batch((f"link del {name}" for name in links(identity)), ignore_errors=True)
