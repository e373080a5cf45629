"""What the monitoring asks of the hosts: somewhere to run, an edge to post to, and ports that are free."""

from collections.abc import Collection, Mapping, Sequence

from deploy.settings.hosts import HostRow
from deploy.settings.masking import Path
from deploy.settings.placement import Place, free_port
from deploy.settings.ports import Keys, installed, keys, of_edges, of_monitoring, of_threaders
from deploy.settings.report import Report
from deploy.settings.roles import add_role, check_role, having
from deploy.settings.specs import EDGE_ROLE, GRAFANA_PASSWORD, MONITOR_ROLE
from deploy.settings.variables import encrypt


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
    edges, given = having(EDGE_ROLE, rows), keys(section)
    if not edges:
        _no_edge(items, rows, report)
    _check_ports(given, keys(config.get("edge")), rows, places, report)
    if installed(given, "grafana") and GRAFANA_PASSWORD not in secrets:
        reason = "is missing: Grafana's admin needs a password"
        report.add(("secrets", GRAFANA_PASSWORD), None, reason, encrypt(GRAFANA_PASSWORD))
    return monitors


def _no_edge(items: Sequence[object], rows: Sequence[HostRow], report: Report) -> None:
    index = next(number for number, row in enumerate(rows) if MONITOR_ROLE in row.roles and not row.lost)
    reason = f"a {MONITOR_ROLE} posts alerts to an edge, and no host has the role {EDGE_ROLE}"
    report.add(("hosts", index, "roles"), MONITOR_ROLE, reason, add_role(EDGE_ROLE, items, rows))


def _check_ports(given: Keys, edge: Keys, rows: Sequence[HostRow], places: Sequence[Place], report: Report) -> None:
    """Each port of the monitoring is told of once, with the first that has it, too."""
    taken = [*of_threaders(places), *of_edges(edge, rows), *of_monitoring(given, rows)]
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
