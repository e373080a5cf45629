"""Which addresses a fleet gets: its own, never those of another fleet or of a network that this machine knows."""

from collections.abc import Collection, Mapping
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from pathlib import Path

from tools.fleet.errors import FleetError

RANGE = IPv4Network("10.88.0.0/16")
"""Where a subnet is looked for when none is asked for, one /24 after the other."""


def parse(text: str) -> IPv4Network:
    """Return the subnet written as `10.88.3.0/24` (/16 to /28)."""
    try:
        subnet = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise FleetError(f"subnet {text!r}: {error}", "use one like 10.88.3.0/24") from None
    if not 16 <= subnet.prefixlen <= 28:
        raise FleetError(f"subnet {text!r}: the prefix must be from /16 to /28", "use one like 10.88.3.0/24")
    return subnet


def choose(
    wanted: IPv4Network | None,
    recorded: IPv4Network | None,
    claims: Mapping[IPv4Network, Path],
    routes: Collection[IPv4Network],
) -> IPv4Network:
    """Return the wanted subnet, else the one of last time, else the first free one.

    `claims` are the other fleets' subnets, `routes` the networks that this machine reaches otherwise.
    """
    if wanted is not None:
        _refuse(wanted, claims, routes)
        return wanted
    taken = (*claims, *routes)
    for subnet in (*([recorded] if recorded else []), *RANGE.subnets(new_prefix=24)):
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise FleetError(f"no /24 of {RANGE} is free", "choose a subnet: python -m tools.fleet up 3 --subnet 10.99.0.0/24")


def _refuse(wanted: IPv4Network, claims: Mapping[IPv4Network, Path], routes: Collection[IPv4Network]) -> None:
    for other, state in claims.items():
        if wanted.overlaps(other):
            raise FleetError(
                f"subnet {wanted} belongs to the fleet in {state}", "leave out --subnet, or choose another"
            )
    for route in routes:
        if wanted.overlaps(route):
            raise FleetError(f"subnet {wanted} is in use on this machine (route to {route})", "leave out --subnet")
