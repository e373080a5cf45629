"""The Debian packages of which hosts are always asked: all that a fleet may want from distributions. Pure."""

from typing import Final

from deploy.manifest.monitoring import alertmanager, blackbox, log_shipper, node_exporter, prometheus
from deploy.manifest.paths import EDGE_PACKAGE, NODE_PACKAGE

PACKAGES: Final = frozenset(
    {
        NODE_PACKAGE,
        EDGE_PACKAGE,
        *(name for part in (prometheus, alertmanager, blackbox, node_exporter, log_shipper) for name in part.PACKAGES),
    }
)
