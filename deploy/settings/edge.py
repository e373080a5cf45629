"""What the edge asks of the hosts, and of the instances behind it."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from deploy.settings.environment import Environment
from deploy.settings.hosts import HostRow
from deploy.settings.masking import Path
from deploy.settings.placement import Place, free_port
from deploy.settings.ports import edge_port
from deploy.settings.report import Report
from deploy.settings.roles import check_role, having
from deploy.settings.specs import EDGE_ROLE
from deploy.settings.values import BIND


def check_edge(
    section: object, items: Sequence[object], rows: Sequence[HostRow], found: Sequence[Place], report: Report
) -> list[str]:
    """Who says how the edge is to be has a host for it, where its ports are free; the hosts on which an edge runs."""
    check_role("edge", EDGE_ROLE, section, items, rows, report)
    edges = having(EDGE_ROLE, rows)
    _check_ports(section if isinstance(section, Mapping) else {}, edges, found, report)
    return edges


def check_reach(
    places: Sequence[Place], shared: Environment, edges: Sequence[str], monitors: Sequence[str], report: Report
) -> None:
    """No instance is told to listen where only its own host reaches it, if an edge or a monitor is another host."""
    told: set[Path] = set()
    callers = [*((host, "an edge") for host in edges), *((host, "a monitor") for host in monitors)]
    for place in places:
        far = next(((host, what) for host, what in callers if host != place.host), None)
        bind, path = shared.of(place).get(BIND, ""), shared.path(BIND, place)
        if far and place.host and _is_loopback(bind) and path not in told:
            told.add(path)
            reason = f"host {far[0]} is {far[1]}, and could not reach {place.name} on host {place.host}"
            report.add(path, bind, reason, "leave it out: pulumi config rm --path '{path}'")


def _check_ports(given: Mapping[object, object], edges: Sequence[str], found: Sequence[Place], report: Report) -> None:
    """The two ports differ, and on the hosts of edges no instance has one of them."""
    ports = {key: edge_port(given, key) for key in ("port", "metrics_port")}
    used = {*ports.values(), *(place.port for place in found)}
    for key, port in ports.items():
        other = next((place for place in found if place.host in edges and place.port == port), None)
        if port is None or not (other or (key == "metrics_port" and port == ports["port"])):
            continue
        reason = f"on host {other.host} this is the port of instances[{other.index}] ({other.name})" if other else ""
        free = free_port(port, used)
        used.add(free)
        report.add(
            ("edge", key),
            port,
            reason or "has to be another one than port",
            f"pulumi config set --path '{{path}}' {free}",
        )


def _is_loopback(bind: str) -> bool:
    name = bind.strip().lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.rstrip(".") == "localhost"
