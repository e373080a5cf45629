"""Fleets with monitors, as their settings make them."""

from deploy.settings.specs import (
    GrafanaSpec,
    HostSpec,
    LokiSpec,
    MonitoringSpec,
    NoSource,
    PrometheusSpec,
    TarballSource,
)
from tests.components.fleets import spec

TARBALL = TarballSource("dist/part.tar.gz", "ab" * 32)


def fleet(monitors=1, loki=True, **monitoring):
    hosts = (
        HostSpec("app-1", "10.0.0.1", roles=("threader", "edge", "monitor")),
        HostSpec("app-2", "10.0.0.2", roles=("threader", "monitor") if monitors > 1 else ("threader",)),
    )
    made = {"loki": LokiSpec(source=TARBALL if loki else NoSource()), "grafana": GrafanaSpec(source=TARBALL)}
    return spec(hosts=hosts, monitoring=MonitoringSpec(**{**made, **monitoring}))


EVERY_KIND = (
    fleet(),
    fleet(monitors=2),
    fleet(loki=False),
    fleet(prometheus=PrometheusSpec(every=300, retention_days=90), objective=99.0),
)
