"""What the edges send to the instances, as their load balancers tell it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from deploy.cli.fleet import Fleet, Instance
from deploy.cli.look import Look
from deploy.faults import HostFault
from deploy.manifest.paths import EDGE_UNIT, server_name
from deploy.settings.specs import EDGE_ROLE

READY: Final = "ready"
DOWN: Final = "down"
UNKNOWN: Final = "unknown"
Found = Mapping[str, Look | HostFault]


def edges_of(fleet: Fleet) -> tuple[str, ...]:
    """The hosts on which an edge runs, apart from lost ones."""
    return tuple(host for host, roles in fleet.roles.items() if EDGE_ROLE in roles and host not in fleet.lost)


def traffic(instance: Instance, fleet: Fleet, found: Found) -> dict[str, str]:
    """By edge that answers: whether the instance is ready there, drain or maint (told so), down, or unknown."""
    name = server_name(instance.name, instance.host, instance.port)
    return {
        edge: _word(servers.get(name)) for edge in edges_of(fleet) if (servers := _servers(found.get(edge))) is not None
    }


def silent(fleet: Fleet, found: Found) -> dict[str, str]:
    """The edges whose load balancer does not answer, though their host does, each with the state of its unit."""
    looks = {edge: look for edge in edges_of(fleet) if isinstance(look := found.get(edge), Look)}
    return {
        edge: str(look.snapshot.get("units", {}).get(EDGE_UNIT, "inactive"))
        for edge, look in looks.items()
        if _servers(look) is None
    }


def _servers(look: Look | HostFault | None) -> Mapping[str, Any] | None:
    edge = look.snapshot.get("edge") if isinstance(look, Look) else None
    return edge["servers"] if edge else None


def _word(server: Mapping[str, Any] | None) -> str:
    if server is None:
        return UNKNOWN
    if server["admin"] != READY:
        return str(server["admin"])
    return READY if server["up"] else DOWN
