"""What Prometheus on a monitor asks for metrics: a job for each kind of part, made from the specs of a fleet. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from deploy.manifest.edge import reached_at
from deploy.manifest.paths import slot_name
from deploy.settings.addresses import endpoint
from deploy.settings.specs import FleetSpec, HostSpec, Impl, InstanceSpec, NoSource
from monitoring.access import asked

LOOPBACK: Final = "127.0.0.1"
Job = dict[str, Any]


def jobs(fleet: FleetSpec, monitor: HostSpec) -> list[Job]:
    """The scrape jobs of Prometheus on a host; a job without targets is left out."""
    found = [*_threaders(fleet, monitor), _slots(fleet, monitor), _nodes(fleet), _edges(fleet, monitor)]
    found += [*_own(fleet, monitor), _probes(fleet, monitor)]
    return [job for job in found if job["static_configs"]]


def alertmanagers(fleet: FleetSpec) -> list[str]:
    """Where the Alertmanagers answer; they listen on their hosts' addresses alone, so also for their own host."""
    return [endpoint(host.address, fleet.monitoring.alertmanager.port) for host in fleet.monitors]


def _threaders(fleet: FleetSpec, monitor: HostSpec) -> list[Job]:
    return [
        _job(
            f"alert_threader_{impl}",
            (
                _target(_instance(each, fleet, monitor), each.host, instance=each.name, impl=str(impl))
                for each in _watched(fleet)
                if each.impl is impl
            ),
        )
        for impl in Impl
    ]


def _slots(fleet: FleetSpec, monitor: HostSpec) -> Job:
    """The second slots, where they are used. They run only around a rollout, so no rule asks this job who is up."""
    slots = (replace(each, port=each.port + fleet.rollout.slot_offset) for each in _watched(fleet))
    targets = (
        _target(_instance(each, fleet, monitor), each.host, instance=slot_name(each.name), impl=str(each.impl))
        for each in slots
        if fleet.rollout.slotted
    )
    return _job("second_slots", targets)


def _nodes(fleet: FleetSpec) -> Job:
    """Its text files bring labels of their own: which instance a health check was about."""
    there = (host for host in fleet.hosts if not host.lost)
    targets = (_target(endpoint(host.address, fleet.monitoring.node_port), host.name) for host in there)
    return _job("node", targets, honor_labels=True, **asked(fleet))


def _edges(fleet: FleetSpec, monitor: HostSpec) -> Job:
    def place(host: HostSpec) -> str:
        bind = fleet.edge.bind or ""
        address = reached_at(bind, host.name, edge=monitor.name, address=host.address)
        return endpoint(address, fleet.edge.metrics_port)

    return _job("edge", (_target(place(host), host.name) for host in fleet.edges))


def _own(fleet: FleetSpec, monitor: HostSpec) -> list[Job]:
    """The parts of monitoring itself. Prometheus and the prober listen on loopback: each monitor asks its own."""
    spec = fleet.monitoring
    first = fleet.monitors[:1] if not isinstance(spec.loki.source, NoSource) else ()
    here = {"prometheus": spec.prometheus.port, "blackbox_exporter": spec.blackbox_port}
    managers = zip(alertmanagers(fleet), fleet.monitors, strict=True)
    return [
        *(
            _job(name, [_target(endpoint(LOOPBACK, port), monitor.name)], **asked(fleet, name=monitor.address))
            for name, port in here.items()
        ),
        _job("alertmanager", (_target(place, host.name) for place, host in managers), **asked(fleet)),
        _job(
            "loki",
            (_target(endpoint(host.address, spec.loki.port), host.name) for host in first),
            **asked(fleet, login=False),
        ),
    ]


def _probes(fleet: FleetSpec, monitor: HostSpec) -> Job:
    """What the prober asks: the health page of each threader, as seen from here."""
    targets = (
        _target(
            f"http://{_instance(each, fleet, monitor)}{fleet.health.path}",
            each.host,
            instance=each.name,
            impl=str(each.impl),
            probe="health",
        )
        for each in _watched(fleet)
    )
    through = [
        {"source_labels": ["__address__"], "target_label": "__param_target"},
        {"target_label": "__address__", "replacement": endpoint(LOOPBACK, fleet.monitoring.blackbox_port)},
    ]
    more = {"metrics_path": "/probe", "params": {"module": ["http_2xx"]}, "relabel_configs": through}
    return _job("blackbox", targets, **more, **asked(fleet, name=monitor.address))


def _watched(fleet: FleetSpec) -> list[InstanceSpec]:
    return [each for each in fleet.instances if not fleet.host(each.host).lost]


def _instance(instance: InstanceSpec, fleet: FleetSpec, monitor: HostSpec) -> str:
    """Where an instance is reached: as edges do, on loopback only from its own host."""
    bind = fleet.env_of(instance).get("BIND_HOST", "").strip()
    address = fleet.host(instance.host).address
    return endpoint(reached_at(bind, instance.host, edge=monitor.name, address=address), instance.port)


def _target(place: str, host: str, *, instance: str | None = None, **labels: str) -> dict[str, Any]:
    return {"targets": [place], "labels": {"instance": instance or host, "host": host, **labels}}


def _job(name: str, targets: Iterable[dict[str, Any]], **more: Any) -> Job:
    return {"job_name": name, **more, "static_configs": list(targets)}
