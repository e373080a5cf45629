"""What the monitoring asks of the hosts: somewhere to run, an edge to post to, and ports that are free."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy.settings import words
from deploy.settings.edge import edge_port
from deploy.settings.hosts import HostRow
from deploy.settings.masking import Path, setting
from deploy.settings.placement import Place, free_port
from deploy.settings.report import Report
from deploy.settings.roles import add_role, check_role, having
from deploy.settings.scalars import soft
from deploy.settings.specs import EDGE_ROLE, GRAFANA_PASSWORD, MONITOR_ROLE, MonitoringSpec
from deploy.settings.variables import encrypt

Keys = Mapping[object, object]


@dataclass(frozen=True, slots=True)
class _Port:
    """A port that something has on a host; `path` is its setting, None where another section is to be asked."""

    host: str
    number: int
    what: str
    path: Path | None = None


def check_monitoring(
    config: Mapping[str, object],
    items: Sequence[object],
    rows: Sequence[HostRow],
    places: Sequence[Place],
    secrets: Collection[str],
    report: Report,
) -> list[str]:
    """Who says how the monitoring is to be has a host for it, and an edge, and ports that are free; the monitors.

    `secrets` are the names of variables that the fleet has.
    """
    section = config.get("monitoring")
    check_role("monitoring", MONITOR_ROLE, section or None, items, rows, report)
    monitors = having(MONITOR_ROLE, rows)
    if not monitors:
        return []
    edges, given = having(EDGE_ROLE, rows), _keys(section)
    if not edges:
        _no_edge(items, rows, report)
    _check_ports(given, _keys(config.get("edge")), rows, places, report)
    if _installed(given, "grafana") and GRAFANA_PASSWORD not in secrets:
        reason = "is missing: Grafana's admin needs a password"
        report.add(("secrets", GRAFANA_PASSWORD), None, reason, encrypt(GRAFANA_PASSWORD))
    return monitors


def _no_edge(items: Sequence[object], rows: Sequence[HostRow], report: Report) -> None:
    index = next(number for number, row in enumerate(rows) if MONITOR_ROLE in row.roles and not row.lost)
    reason = f"a {MONITOR_ROLE} posts alerts to an edge, and no host has the role {EDGE_ROLE}"
    report.add(("hosts", index, "roles"), MONITOR_ROLE, reason, add_role(EDGE_ROLE, items, rows))


def _check_ports(given: Keys, edge: Keys, rows: Sequence[HostRow], places: Sequence[Place], report: Report) -> None:
    """Each port of the monitoring is told of once, with the first that has it, too."""
    taken = [*_others(edge, rows, places), *_own(given, rows)]
    used = {each.number for each in taken}
    told: set[Path] = set()
    for index, each in enumerate(taken):
        other = next((one for one in taken[:index] if (one.host, one.number) == (each.host, each.number)), None)
        if each.path is None or other is None or each.path in told:
            continue
        told.add(each.path)
        free = free_port(each.number, used)
        used.add(free)
        reason = f"on host {each.host} this is the port of {other.what}"
        report.add(each.path, each.number, reason, f"pulumi config set --path '{{path}}' {free}")


def _others(edge: Keys, rows: Sequence[HostRow], places: Sequence[Place]) -> Iterator[_Port]:
    """The ports of the threaders and of the edges."""
    for place in places:
        if place.host and place.port:
            yield _Port(place.host, place.port, f"instances[{place.index}] ({place.name})")
    for host in having(EDGE_ROLE, rows):
        for key in ("port", "metrics_port"):
            number = edge_port(edge, key)
            if number is not None:
                yield _Port(host, number, f"the edge ({setting(('edge', key))})")


def _own(given: Keys, rows: Sequence[HostRow]) -> Iterator[_Port]:
    """The ports of the monitoring."""
    monitors = having(MONITOR_ROLE, rows)
    yield from _ports(given, [row.name for row in rows if row.name and not row.lost], ("node_port",))
    yield from _ports(given, monitors, ("prometheus", "port"), ("alertmanager", "port"), ("blackbox_port",))
    if len(monitors) > 1:
        yield from _ports(given, monitors, ("alertmanager", "cluster_port"))
    alone = {"loki": ("port", "grpc_port"), "grafana": ("port",)}
    for part in (part for part in alone if _installed(given, part)):
        yield from _ports(given, monitors[:1], *((part, key) for key in alone[part]))


def _ports(given: Keys, hosts: Sequence[str], *keys: tuple[str, ...]) -> Iterator[_Port]:
    for key in keys:
        number = _number(given, key)
        for host in hosts if number is not None else ():
            yield _Port(host, number or 0, setting(("monitoring", *key)), ("monitoring", *key))


def _number(given: Keys, key: tuple[str, ...]) -> int | None:
    """A port as given, or its default; None if it is wrong, which is told elsewhere."""
    default: object = MonitoringSpec()
    value: object = given
    for name in key:
        default = getattr(default, name)
        value = _keys(value).get(name)
    return soft(words.edge_port, default if value is None else value)


def _installed(given: Keys, part: str) -> bool:
    """Whether a part that no distribution has is wanted."""
    return _keys(given.get(part)).get("source") not in (None, "none")


def _keys(value: object) -> Keys:
    return value if isinstance(value, Mapping) else {}
