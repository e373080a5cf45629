"""Specs to the inputs of resources. Pure; secrets are marked by the function that is passed in."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from deploy.analysis.gates import GateSpec
from deploy.manifest.edge import default_bind
from deploy.manifest.generation import Generation
from deploy.manifest.health import health_manifest
from deploy.manifest.host import host_manifest
from deploy.manifest.instance import environment, instance_manifest, settings_files
from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.access import ANYBODY, CA
from deploy.manifest.monitoring.part import HIDDEN, LOOPBACK, listening
from deploy.manifest.paths import HEALTH_DIRECTORY, instance_directory
from deploy.settings.addresses import alertmanager_urls, endpoint
from deploy.settings.specs import FleetSpec, HostSpec, Impl, InstanceSpec, NoSource, Strategy
from deploy.settings.values import SLACK, SLACK_API, TOKEN
from monitoring.access import HEALTH, access

RIGHTS = {"env": "root:root 0600", "settings.json": "root:root 0644", "unit.conf": "root:root 0644"}
Inputs = dict[str, Any]


def connection(host: HostSpec) -> Inputs:
    """How a host is reached."""
    return {
        "host": host.name,
        "address": host.address,
        "user": host.user,
        "port": host.port,
        "key": host.key,
        "known_hosts": host.known_hosts,
    }


def hidden_files(manifest: Manifest, hide: Callable[[str], Any]) -> dict[str, Any]:
    """The files of a manifest; `hide` marks those that are secret."""
    return {path: hide(text) if manifest.access[path] == HIDDEN else text for path, text in manifest.files.items()}


def host_inputs(host: HostSpec, fleet: FleetSpec, hide: Callable[[str], Any]) -> Inputs:
    """The inputs of a Host; `hide` marks a secret."""
    impls = {str(instance.impl) for instance in fleet.instances if instance.host == host.name}
    asking = access(fleet, HEALTH, "") if impls and _own(fleet) else ANYBODY
    manifest = host_manifest(*impls, metrics=fleet.health.metrics, access=asking)
    return {
        "connection": connection(host),
        "lost": host.lost,
        "unreachable": str(fleet.rollout.unreachable),
        **manifest.sections(),
        "files": hidden_files(manifest, hide),
    }


def generation(instance: InstanceSpec, fleet: FleetSpec, digests: Mapping[Impl, str]) -> Generation:
    """What an instance is to run; `digests` has the SHA-256 of the artifact of each implementation."""
    env = environment(
        fleet.env_of(instance),
        instance=instance.name,
        port=instance.port,
        data=f"{instance_directory(instance.name)}/data",
        bind=default_bind(instance.host, (host.name for host in (*fleet.edges, *fleet.monitors))),
    )
    settings = settings_files(
        instance=instance.name,
        impl=str(instance.impl),
        version=fleet.release.version,
        release=digests[instance.impl],
        port=instance.port,
        bind=env.get("BIND_HOST", ""),
        health=fleet.health,
    )
    secrets = {name: secret.value for name, secret in fleet.secrets_of(instance).items()}
    return Generation(fleet.release.version, digests[instance.impl], settings, env, secrets)


def instance_inputs(
    instance: InstanceSpec, fleet: FleetSpec, made: Generation, name: str, hide: Callable[[str], Any]
) -> Inputs:
    """The inputs of an Instance whose generation `made` is called `name`; `hide` marks a secret."""
    host = fleet.host(instance.host)
    sections = instance_manifest(instance.name).sections()
    return {
        "instance": instance.name,
        "host": instance.host,
        "connection": connection(host),
        "lost": host.lost,
        "unreachable": str(fleet.rollout.unreachable),
        "generation": name,
        "release": made.release,
        "artifact": fleet.release.artifacts[instance.impl].artifact,
        "keep": fleet.rollout.keep,
        "env": {**made.env, **{variable: hide(value) for variable, value in made.secrets.items()}},
        "settings": dict(made.settings),
        "rights": RIGHTS,
        "directories": sections["directories"],
        "links": sections["links"],
    }


def health_inputs(instance: InstanceSpec, fleet: FleetSpec) -> Inputs:
    """The inputs of an instance's HealthTimer."""
    host = fleet.host(instance.host)
    manifest = health_manifest(instance.name, instance.host, str(instance.impl), fleet.health, _own(fleet))
    sections = manifest.sections()
    return {
        "instance": instance.name,
        "host": instance.host,
        "connection": connection(host),
        "lost": host.lost,
        "unreachable": str(fleet.rollout.unreachable),
        "metrics": fleet.health.metrics,
        **{name: sections[name] for name in ("directories", "files", "access", "links", "units")},
    }


def _own(fleet: FleetSpec) -> Inputs:
    """How health checks ask the fleet's own Alertmanagers: no other one is told the password."""
    wanted, urls = fleet.monitoring, set(alertmanager_urls(fleet)) & set(fleet.health.alertmanagers)
    if not urls or not (wanted.tls or wanted.basic_auth):
        return {}
    ca = {"ca": f"{HEALTH_DIRECTORY}/{CA}"} if wanted.tls else {}
    login = {"user": wanted.basic_auth.user} if wanted.basic_auth else {}
    return {"urls": sorted(urls), **ca, **login}


def rollout_inputs(fleet: FleetSpec, generations: Mapping[str, str], hide: Callable[[str], Any]) -> Inputs:
    """The inputs of the Rollout: which generation every instance is to run; `hide` marks a secret.

    What only some stacks have (`decision`, `monitors`, `notify`) is left out where there is none.
    """
    return {
        "instances": dict(generations),
        "placement": {instance.name: instance.host for instance in fleet.instances},
        "ports": {instance.name: instance.port for instance in fleet.instances},
        "hosts": {host.name: connection(host) for host in fleet.hosts},
        "impls": {instance.name: str(instance.impl) for instance in fleet.instances},
        "slots": {instance.name: instance.port + fleet.rollout.slot_offset for instance in fleet.instances},
        "edges": [host.name for host in fleet.edges],
        "lost": [host.name for host in fleet.hosts if host.lost],
        "settings": rollout_settings(fleet),
        **({"decision": fleet.rollout.decision} if fleet.rollout.decision else {}),
        **_monitors(fleet),
        **_notify(fleet, hide),
    }


def _monitors(fleet: FleetSpec) -> Inputs:
    """Where gates ask, and how: the monitors, and the addresses at which they reach Prometheus and Loki."""
    if not fleet.monitors:
        return {}
    wanted, first = fleet.monitoring, fleet.monitors[0]
    loki = None if isinstance(wanted.loki.source, NoSource) else endpoint(listening(first.address), wanted.loki.port)
    prometheus = endpoint(LOOPBACK, wanted.prometheus.port)
    tls, login = {"tls": True} if wanted.tls else {}, {"user": wanted.basic_auth.user} if wanted.basic_auth else {}
    access = {"access": {**tls, **login}} if tls or login else {}
    hosts = [host.name for host in fleet.monitors]
    return {"monitors": {"hosts": hosts, "prometheus": prometheus, "loki": loki, **access}}


def _notify(fleet: FleetSpec, hide: Callable[[str], Any]) -> Inputs:
    """The channel that hears of rollouts, and with what the controller posts there."""
    wanted, token, api = fleet.rollout.notify, fleet.variable(TOKEN), fleet.variable(SLACK_API) or SLACK
    return {"notify": {"channel": wanted.channel, "token": hide(token), "api": hide(api)}} if wanted and token else {}


def rollout_settings(fleet: FleetSpec) -> Inputs:
    """How the Rollout goes about it; all at once knows no limit."""
    rollout, limited = fleet.rollout, fleet.rollout.strategy is not Strategy.ALL_AT_ONCE
    return {
        "strategy": str(rollout.strategy),
        "unreachable": str(rollout.unreachable),
        "confirm_within": rollout.confirm_within,
        "batch": rollout.batch if limited else None,
        "max_unavailable": rollout.max_unavailable if limited else None,
        "wait": rollout.wait if limited else 0.0,
        "progress_deadline": rollout.progress_deadline,
        "drain": rollout.drain,
        "deadline": fleet.health.deadline,
        # all names: maps lose their order on the way through the engine
        "order": list(dict.fromkeys((*rollout.order, *(instance.name for instance in fleet.instances)))),
        "slot_offset": rollout.slot_offset,
        "hold": str(rollout.hold),
        "warm": rollout.warm,
        "guard": rollout.guard,
        "revert": str(rollout.revert),
        "canary": [asdict(step) for step in rollout.canary],
        "gates": [_gate(gate) for gate in rollout.gates],
        "emergency": rollout.emergency,
    }


def _gate(gate: GateSpec) -> Inputs:
    """A gate, by the names of its fields."""
    words = {"kind": str(gate.kind), "on_fail": str(gate.on_fail), "phases": [str(phase) for phase in gate.phases]}
    return {**asdict(gate), **words}
