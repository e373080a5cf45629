"""Each part of the monitoring, as tests want it."""

from deploy.manifest.monitoring.alertmanager import alertmanager
from deploy.manifest.monitoring.blackbox import blackbox_exporter
from deploy.manifest.monitoring.grafana import grafana
from deploy.manifest.monitoring.log_shipper import log_shipper
from deploy.manifest.monitoring.loki import loki
from deploy.manifest.monitoring.node_exporter import node_exporter
from deploy.manifest.monitoring.prometheus import prometheus
from deploy.manifest.monitoring.watchdog import watchdog
from deploy.settings.specs import AlertmanagerSpec, ArchiveSource, GrafanaSpec, LokiSpec, PrometheusSpec, TarballSource

DIGEST = "ab12" * 16
TARBALL = TarballSource("dist/program.tar.gz", DIGEST)
ARCHIVE = ArchiveSource("grafana", "Types: deb\n")
WEBHOOK, PASSWORD = "https://hooks.example/very-secret", "very-secret-password"
METRICS = "/var/lib/prometheus/node-exporter"

ALL = {
    "prometheus": prometheus(PrometheusSpec(), "global: {}\n", {"hosts.yml": "groups: []\n"}),
    "alertmanager": alertmanager(AlertmanagerSpec(), "route: {}\n", address="10.0.0.1", webhook=WEBHOOK),
    "blackbox-exporter": blackbox_exporter(9115, "modules: {}\n"),
    "node-exporter": node_exporter(9100, METRICS, address="10.0.0.1"),
    "loki": loki(LokiSpec(source=TARBALL), "server: {}\n", {"logs.yml": "groups: []\n"}, address="10.0.0.1"),
    "grafana": grafana(
        GrafanaSpec(source=ARCHIVE),
        {
            "/etc/alert-threader-grafana/grafana.ini": "[log]\n",
            "/etc/alert-threader-grafana/provisioning/dashboards/a.yaml": "apiVersion: 1\n",
            "/etc/alert-threader-grafana/dashboards/overview.json": "{}",
        },
        PASSWORD,
    ),
    "log-shipper": log_shipper("@version: 3.38\n"),
    "watchdog": watchdog(["http://10.0.0.1:9093"], WEBHOOK, "dev"),
}
LASTING = [name for name in ALL if name != "watchdog"]
"""Those that run all the time."""


def unit_path(name):
    return f"/etc/systemd/system/alert-threader-{name}.service"


def unit(part):
    return part.manifest.files[unit_path(part.name)]
