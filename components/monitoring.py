"""The inputs of the monitoring's resources: which part is on which host, and with which configuration. Pure."""

from collections.abc import Callable, Iterator
from typing import Any

from components.inputs import Inputs, connection, hidden_files
from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.access import Access
from deploy.manifest.monitoring.alertmanager import alertmanager
from deploy.manifest.monitoring.blackbox import blackbox_exporter
from deploy.manifest.monitoring.grafana import grafana
from deploy.manifest.monitoring.kinds import PARTS
from deploy.manifest.monitoring.loaded import LOADED
from deploy.manifest.monitoring.log_shipper import log_shipper
from deploy.manifest.monitoring.loki import loki
from deploy.manifest.monitoring.node_exporter import node_exporter
from deploy.manifest.monitoring.part import Part
from deploy.manifest.monitoring.prometheus import prometheus
from deploy.manifest.monitoring.watchdog import watchdog
from deploy.settings.addresses import alertmanager_urls
from deploy.settings.specs import EDGE_ROLE, GRAFANA_PASSWORD, MONITOR_ROLE, FleetSpec, HostSpec, NoSource, Source
from deploy.settings.values import WEBHOOK
from monitoring import alertmanager as alerting
from monitoring import blackbox, logs
from monitoring import grafana as shown
from monitoring import loki as logging
from monitoring import prometheus as scraping
from monitoring.access import access
from monitoring.rules import rule_files

Made = dict[str, Callable[[], Part]]


def parts(fleet: FleetSpec, stack: str) -> Iterator[tuple[HostSpec, str, Part]]:
    """Each part with its host and its type. A lost host has its parts still, so that they are forgotten in peace.

    `stack` is what people call the fleet.
    """
    for host in fleet.hosts:
        for kind in kinds(fleet, host):
            nothing = Part(PARTS[kind], Manifest())
            yield host, kind, nothing if host.lost else made(fleet, host, stack)[kind]()


def kinds(fleet: FleetSpec, host: HostSpec) -> Iterator[str]:
    """The types of the parts that a host has; without a monitor that is there only lost hosts have any."""
    monitors = [each for each in fleet.hosts if MONITOR_ROLE in each.roles]
    if not monitors or not (fleet.monitors or host.lost):
        return
    wanted = fleet.monitoring
    alone = {kind for kind, part in (("Loki", wanted.loki), ("Grafana", wanted.grafana)) if _installed(part.source)}
    yield "NodeExporter"
    if "Loki" in alone:
        yield "LogShipper"
    if host in monitors:
        yield from ("Prometheus", "Alertmanager", "BlackboxExporter")
    if host in (*fleet.monitors[:1], *(monitors[:1] if host.lost else ())):
        yield from sorted(alone)
    if EDGE_ROLE in host.roles and WEBHOOK in fleet.secrets:
        yield "Watchdog"


def _installed(source: Source) -> bool:
    return not isinstance(source, NoSource)


def made(fleet: FleetSpec, host: HostSpec, stack: str) -> Made:
    """What makes each part on a host, by its type."""
    wanted, key = fleet.monitoring, fleet.digest_key.value if fleet.digest_key else stack
    secrets = {name: secret.value for name, secret in fleet.secrets.items()}

    def of(part: str) -> Access:
        return access(fleet, part, key)

    return {
        "NodeExporter": lambda: node_exporter(
            wanted.node_port, fleet.health.metrics, address=host.address, access=of("node-exporter")
        ),
        "LogShipper": lambda: log_shipper(logs.configuration(fleet, host), access=of("log-shipper")),
        "Prometheus": lambda: prometheus(
            wanted.prometheus, scraping.configuration(fleet, host), rule_files(fleet), access=of("prometheus")
        ),
        "Alertmanager": lambda: alertmanager(
            wanted.alertmanager,
            alerting.configuration(fleet),
            address=host.address,
            peers=[each.address for each in fleet.monitors if each != host],
            webhook=secrets.get(WEBHOOK),
            access=of("alertmanager"),
        ),
        "BlackboxExporter": lambda: blackbox_exporter(
            wanted.blackbox_port, blackbox.configuration(), access=of("blackbox-exporter")
        ),
        "Loki": lambda: loki(
            wanted.loki,
            logging.configuration(fleet, host),
            logging.rule_files(fleet),
            address=host.address,
            access=of("loki"),
        ),
        "Grafana": lambda: grafana(
            wanted.grafana, shown.provisioning(fleet), secrets[GRAFANA_PASSWORD], access=of("grafana")
        ),
        "Watchdog": lambda: watchdog(
            alertmanager_urls(fleet),
            secrets[WEBHOOK],
            stack,
            user=wanted.basic_auth.user if wanted.basic_auth else None,
            access=of("watchdog"),
        ),
    }


def part_inputs(part: Part, host: HostSpec, fleet: FleetSpec, hide: Callable[[str], Any]) -> Inputs:
    """The inputs of a part on a host; `hide` marks a secret."""
    sections = part.manifest.sections()
    return {
        "part": part.name,
        "connection": connection(host),
        "lost": host.lost,
        "unreachable": str(fleet.rollout.unreachable),
        **{name: section for name, section in sections.items() if name != "users"},
        "files": hidden_files(part.manifest, hide),
        "artifact": part.artifact,
        "check": list(part.check),
        "reloads": part.reloads,
        "listens": part.listens,
        "loaded": LOADED,
    }
