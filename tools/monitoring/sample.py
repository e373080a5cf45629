"""A fleet with one of everything that rules, routes and targets depend on."""

from typing import Final

from deploy.settings.specs import (
    ArtifactSpec,
    FleetSpec,
    HostSpec,
    Impl,
    InstanceSpec,
    LokiSpec,
    MonitoringSpec,
    ReleaseSpec,
    Secret,
    TarballSource,
)

_HOSTS: Final = (
    HostSpec("app-1", "10.0.0.1", roles=("threader", "edge", "monitor")),
    HostSpec("app-2", "10.0.0.2", roles=("threader", "edge", "monitor")),
    HostSpec("app-3", "10.0.0.3"),
    HostSpec("gone-1", "10.0.0.9", roles=("threader", "edge", "monitor"), lost=True),
)


def _instance(name: str, impl: Impl, port: int, host: str) -> InstanceSpec:
    return InstanceSpec(name, impl, port, host, f"/etc/alert-threader.d/{name}.env")


FLEET: Final = FleetSpec(
    hosts=_HOSTS,
    instances=(
        _instance("py-a", Impl.PYTHON, 9009, "app-1"),
        _instance("node-a", Impl.NODE, 9010, "app-2"),
        _instance("go-a", Impl.GO, 9011, "app-3"),
        _instance("py-gone", Impl.PYTHON, 9009, "gone-1"),
    ),
    release=ReleaseSpec("1.0.0", {impl: ArtifactSpec(impl, f"dist/{impl}.tar.gz") for impl in Impl}),
    secrets={"SLACK_WEBHOOK_URL": Secret("https://hooks.slack.com/services/T/B/x")},
    monitoring=MonitoringSpec(loki=LokiSpec(source=TarballSource("dist/loki.tar.gz", "ab" * 32))),
)
"""Two edges that are monitors, an instance of each implementation, a lost host, a Loki, and a way past them."""
