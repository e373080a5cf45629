"""Specs to the inputs of resources. Pure; secrets are marked by the function that is passed in."""

from collections.abc import Callable, Mapping
from typing import Any

from deploy.manifest.edge import default_bind
from deploy.manifest.generation import Generation
from deploy.manifest.health import health_manifest
from deploy.manifest.host import host_manifest
from deploy.manifest.instance import environment, instance_manifest, settings_files
from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.access import ANYBODY, CA
from deploy.manifest.monitoring.part import HIDDEN
from deploy.manifest.paths import HEALTH_DIRECTORY, instance_directory
from deploy.settings.addresses import alertmanager_urls
from deploy.settings.specs import FleetSpec, HostSpec, Impl, InstanceSpec, Strategy
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


def rollout_inputs(fleet: FleetSpec, generations: Mapping[str, str]) -> Inputs:
    """The inputs of the Rollout: which generation every instance is to run."""
    return {
        "instances": dict(generations),
        "placement": {instance.name: instance.host for instance in fleet.instances},
        "ports": {instance.name: instance.port for instance in fleet.instances},
        "hosts": {host.name: connection(host) for host in fleet.hosts},
        "edges": [host.name for host in fleet.edges],
        "lost": [host.name for host in fleet.hosts if host.lost],
        "settings": rollout_settings(fleet),
    }


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
    }
