"""The ports that something has on a host, and what may not share them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy.settings import words
from deploy.settings.hosts import HostRow
from deploy.settings.masking import Path, setting
from deploy.settings.placement import Place
from deploy.settings.roles import having
from deploy.settings.scalars import soft
from deploy.settings.specs import EDGE_ROLE, MONITOR_ROLE, EdgeSpec, MonitoringSpec

Keys = Mapping[object, object]


@dataclass(frozen=True, slots=True)
class Port:
    """A port that something has on a host; `path` is its setting, None where another section is to be asked."""

    host: str
    number: int
    what: str
    path: Path | None = None


def of_threaders(places: Sequence[Place]) -> Iterator[Port]:
    """The ports of the instances."""
    for place in places:
        if place.host and place.port:
            yield Port(place.host, place.port, f"instances[{place.index}] ({place.name})")


def of_edges(edge: Keys, rows: Sequence[HostRow]) -> Iterator[Port]:
    """The ports of the edges, given their section."""
    for host in having(EDGE_ROLE, rows):
        for key in ("port", "metrics_port"):
            number = edge_port(edge, key)
            if number is not None:
                yield Port(host, number, f"the edge ({setting(('edge', key))})")


def of_monitoring(given: Keys, rows: Sequence[HostRow]) -> Iterator[Port]:
    """The ports of the monitoring, given its section; without a monitor there is none."""
    monitors = having(MONITOR_ROLE, rows)
    if not monitors:
        return
    yield from _ports(given, [row.name for row in rows if row.name and not row.lost], ("node_port",))
    yield from _ports(given, monitors, ("prometheus", "port"), ("alertmanager", "port"), ("blackbox_port",))
    if len(monitors) > 1:
        yield from _ports(given, monitors, ("alertmanager", "cluster_port"))
    alone = {"loki": ("port", "grpc_port"), "grafana": ("port",)}
    for part in (part for part in alone if installed(given, part)):
        yield from _ports(given, monitors[:1], *((part, key) for key in alone[part]))


def edge_port(given: Keys, key: str) -> int | None:
    """A port of the section `edge`, or its default; None if it is wrong, which is told elsewhere."""
    default: int = getattr(EdgeSpec(), key)
    return default if given.get(key) is None else soft(words.edge_port, given[key])


def installed(given: Keys, part: str) -> bool:
    """Whether a part of the monitoring that no distribution has is wanted."""
    return keys(given.get(part)).get("source") not in (None, "none")


def keys(value: object) -> Keys:
    """A section as far as it is a mapping: that it is none is told elsewhere."""
    return value if isinstance(value, Mapping) else {}


def _ports(given: Keys, hosts: Sequence[str], *names: tuple[str, ...]) -> Iterator[Port]:
    for name in names:
        number = _number(given, name)
        for host in hosts if number is not None else ():
            yield Port(host, number or 0, setting(("monitoring", *name)), ("monitoring", *name))


def _number(given: Keys, name: tuple[str, ...]) -> int | None:
    """A port as given, or its default; None if it is wrong, which is told elsewhere."""
    default: object = MonitoringSpec()
    value: object = given
    for key in name:
        default = getattr(default, key)
        value = keys(value).get(key)
    return soft(words.edge_port, default if value is None else value)
