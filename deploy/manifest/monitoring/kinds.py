"""The resources of the monitoring by their types, as programs and previews name them."""

from types import MappingProxyType
from typing import Final

PARTS: Final = MappingProxyType(
    {
        "Prometheus": "prometheus",
        "Alertmanager": "alertmanager",
        "Loki": "loki",
        "Grafana": "grafana",
        "NodeExporter": "node-exporter",
        "BlackboxExporter": "blackbox-exporter",
        "LogShipper": "log-shipper",
        "Watchdog": "watchdog",
    }
)
"""The name of each part on its host, by its type."""
