"""The resources of the monitoring, as a Pulumi program sees them: one program on one host each."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi


class Part(pulumi.CustomResource):
    """A program of the monitoring on one host; the type is the name of the class."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"threader:index:{type(self).__name__}", name, dict(inputs), options)


class Prometheus(Part):
    """Prometheus on a monitor: it scrapes the fleet, and tells the Alertmanagers."""


class Alertmanager(Part):
    """Alertmanager on a monitor: it posts to the edges, or past the threaders to Slack."""


class BlackboxExporter(Part):
    """The prober on a monitor."""


class Loki(Part):
    """Loki on the first monitor: the logs of the fleet."""


class Grafana(Part):
    """Grafana on the first monitor."""


class NodeExporter(Part):
    """node_exporter on a host."""


class LogShipper(Part):
    """The log shipper on a host."""


class Watchdog(Part):
    """The second path, on an edge: it tells Slack itself when the monitoring is silent."""


_KINDS: Final = (Prometheus, Alertmanager, BlackboxExporter, Loki, Grafana, NodeExporter, LogShipper, Watchdog)
KINDS: Final = {kind.__name__: kind for kind in _KINDS}
"""Each class by its name; `deploy.manifest.monitoring.kinds` has the names of the parts."""
