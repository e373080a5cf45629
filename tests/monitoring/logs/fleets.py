"""A small fleet with a Loki: two threaders on a host that is also the monitor."""

from deploy.settings.specs import (
    FleetSpec,
    HostSpec,
    Impl,
    InstanceSpec,
    LokiSpec,
    MonitoringSpec,
    ReleaseSpec,
    TarballSource,
)

HOST = HostSpec("app-1", "10.0.0.1", roles=("threader", "edge", "monitor"))
OTHER = HostSpec("app-2", "10.0.0.2", roles=("threader", "monitor"))


def threader(name: str, impl: Impl, host: str = "app-1") -> InstanceSpec:
    return InstanceSpec(name, impl, 9009, host, f"/etc/alert-threader.d/{name}.env")


def fleet(*, hosts=(HOST,), **monitoring) -> FleetSpec:
    """The fleet; `monitoring` is put over a section that has a Loki."""
    return FleetSpec(
        hosts=hosts,
        instances=(threader("py-a", Impl.PYTHON), threader("go-a", Impl.GO), threader("node-b", Impl.NODE, "app-2")),
        release=ReleaseSpec("1.0.0", {}),
        monitoring=MonitoringSpec(**{"loki": LokiSpec(source=TarballSource("loki.tar.gz", "0" * 64)), **monitoring}),
    )
