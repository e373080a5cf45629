"""Where the monitoring of a fleet answers, as the stack's output `monitoring` tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from deploy.cli.errors import CliError
from deploy.cli.fleet import Fleet
from deploy.hosts.client import Connection
from monitoring.dashboards import Scope

EVERYWHERE: Final = "0.0.0.0:"


@dataclass(frozen=True)
class Part:
    """A part of monitoring: its host, and HOST:PORT as that host reaches it."""

    host: str
    address: str

    @classmethod
    def of(cls, entry: Mapping[str, str] | None) -> Self | None:
        """That of an output; None where it is not installed."""
        return cls(entry["host"], entry["address"]) if entry else None


@dataclass(frozen=True)
class Access:
    """How parts of monitoring are asked: `ca` is whom to trust, as PEM, and `user` as whom, each where it is needed."""

    ca: str | None = None
    user: str | None = None

    @property
    def scheme(self) -> str:
        """With which word addresses begin."""
        return "https" if self.ca else "http"


@dataclass(frozen=True)
class Where:
    """The parts of monitoring, and what panels depend on.

    `monitors` are how to reach the hosts on which it runs, in order, apart from lost ones; each has a Prometheus at the
    same address. `alertmanagers` are addresses by host. The first monitor has Loki and Grafana, if there are any.
    """

    monitors: Mapping[str, Connection]
    prometheus: Part
    alertmanagers: Mapping[str, str]
    loki: Part | None
    grafana: Part | None
    scope: Scope
    access: Access = Access()

    @property
    def first(self) -> str:
        """The name of the first monitor."""
        return next(iter(self.monitors))


def where(fleet: Fleet, outputs: Mapping[str, Any]) -> Where:
    """Where it is; raises CliError when no host has it."""
    found = outputs.get("monitoring")
    if not found or not found["hosts"]:
        raise CliError("no host has the role monitor", "threader docs monitoring")
    monitors = {host: fleet.connections[host] for host in found["hosts"] if host not in fleet.lost}
    if not monitors:
        raise CliError("every host with the role monitor is marked lost", "threader status")
    return Where(
        monitors=monitors,
        prometheus=Part(found["prometheus"]["host"], found["prometheus"]["address"]),
        alertmanagers={
            host: _reached(place, fleet.connections[host])
            for host, place in found["alertmanagers"].items()
            if host not in fleet.lost
        },
        loki=_loki(found.get("loki"), fleet),
        grafana=Part.of(found.get("grafana")),
        scope=_scope(found, fleet),
        access=Access(**found.get("access", {})),
    )


def _loki(entry: Mapping[str, str] | None, fleet: Fleet) -> Part | None:
    """Loki, unless it is gone with its host."""
    found = Part.of(entry)
    if found is None or found.host in fleet.lost:
        return None
    return Part(found.host, _reached(found.address, fleet.connections[found.host]))


def _reached(place: str, connection: Connection) -> str:
    """Where a part is reached that listens at a place: everywhere, it is at the address of its host."""
    return place.replace(EVERYWHERE, f"{connection['address']}:", 1) if place.startswith(EVERYWHERE) else place


def _scope(found: Mapping[str, Any], fleet: Fleet) -> Scope:
    """An output that does not tell the settings of panels means the defaults."""
    known = Scope()
    return Scope(
        loki=_loki(found.get("loki"), fleet) is not None,
        monitors=len(found["hosts"]),
        every=float(found.get("every", known.every)),
        days=int(found.get("retention_days", known.days)),
        objective=float(found.get("objective", known.objective)),
    )
