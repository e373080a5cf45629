"""What the edge asks of the hosts, and of the instances behind it."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from deploy.settings import words
from deploy.settings.environment import Environment
from deploy.settings.hosts import NEARLY, ROLES, HostRow
from deploy.settings.masking import Path, setting
from deploy.settings.placement import Place, free_port
from deploy.settings.report import Report, near
from deploy.settings.scalars import soft
from deploy.settings.specs import EDGE_ROLE, EdgeSpec
from deploy.settings.values import BIND


def check_edge(
    section: object, items: Sequence[object], rows: Sequence[HostRow], found: Sequence[Place], report: Report
) -> list[str]:
    """Who says how the edge is to be has a host for it, where its ports are free; the hosts on which an edge runs."""
    _check_role(section, items, rows, report)
    edges = [row.name for row in rows if row.name is not None and EDGE_ROLE in row.roles and not row.lost]
    _check_ports(section if isinstance(section, Mapping) else {}, edges, found, report)
    return edges


def check_reach(places: Sequence[Place], shared: Environment, edges: Sequence[str], report: Report) -> None:
    """No instance is told to listen where only its own host reaches it, if one of the `edges` is another host."""
    told: set[Path] = set()
    for place in places:
        far = next((host for host in edges if host != place.host), None)
        bind, path = shared.of(place).get(BIND, ""), shared.path(BIND, place)
        if far and place.host and _is_loopback(bind) and path not in told:
            told.add(path)
            reason = f"host {far} is an edge, and could not reach {place.name} on host {place.host}"
            report.add(path, bind, reason, "leave it out: pulumi config rm --path '{path}'")


def _check_role(section: object, items: Sequence[object], rows: Sequence[HostRow], report: Report) -> None:
    roles = [role for row in rows for role in row.roles]
    if section is None or not rows or any(near(role, [EDGE_ROLE], NEARLY) for role in roles):
        return
    index = next((number for number, row in enumerate(rows) if not row.lost), 0)
    reason = f"no host has the role {EDGE_ROLE}, so there would be none"
    report.add(("edge",), section, reason, _add_role(index, items[index]))


def _check_ports(given: Mapping[object, object], edges: Sequence[str], found: Sequence[Place], report: Report) -> None:
    """The two ports differ, and on the hosts of edges no instance has one of them."""
    ports = {key: _port(given, key) for key in ("port", "metrics_port")}
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


def _port(given: Mapping[object, object], key: str) -> int | None:
    default: int = getattr(EdgeSpec(), key)
    return default if given.get(key) is None else soft(words.edge_port, given[key])


def _is_loopback(bind: str) -> bool:
    name = bind.strip().lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.rstrip(".") == "localhost"


def _add_role(index: int, host: object) -> str:
    """The commands that give a host the role; where it names none, also the one it has so far."""
    roles = host.get("roles") if isinstance(host, Mapping) else None
    have = len(roles) if isinstance(roles, list | tuple) else 0
    wanted = [EDGE_ROLE] if have else [*ROLES, EDGE_ROLE]
    return " && ".join(
        f"pulumi config set --path '{setting(('hosts', index, 'roles', number))}' {role}"
        for number, role in enumerate(wanted, start=have)
    )
