"""Stack config to the specs of a fleet."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from deploy.settings import instances, once, read, sections
from deploy.settings import secrets as encrypted
from deploy.settings.addresses import alertmanager_urls
from deploy.settings.edge import check_edge, check_reach
from deploy.settings.environment import environment
from deploy.settings.fleet import check_artifacts
from deploy.settings.hosts import check_hosts, hosts, rows
from deploy.settings.monitoring import check_monitoring
from deploy.settings.origins import ReadText, operators_file
from deploy.settings.passwords import check_password, in_the_clear
from deploy.settings.progressive import Around, check_progressive
from deploy.settings.report import Report
from deploy.settings.rolling import check_batch, check_order
from deploy.settings.slots import check_slots
from deploy.settings.specs import FleetSpec, HostSpec
from deploy.settings.stores import check_stores
from deploy.settings.synthetic import check_synthetic, note
from deploy.settings.times import check_times

_NO_FILE: Final[Mapping[str, object]] = MappingProxyType({})


def load(
    config: Mapping[str, object],
    *,
    secret_keys: frozenset[str],
    environ: Mapping[str, str],
    stack: str,
    stack_file: Mapping[str, object] = _NO_FILE,
    read_text: ReadText = operators_file,
) -> FleetSpec:
    """The fleet that a stack's config describes; SettingsError with every mistake in it.

    `config` is decrypted plain data by section (`deploy.settings.raw` makes it of what Pulumi hands over), and
    `secret_keys` are the sections with anything encrypted in them. `environ` is the operator's shell. `stack_file` is
    Pulumi.<stack>.yaml as parsed, if at hand: with it, one secret in plain text beside encrypted ones is found.
    `read_text` reads a file that the settings name on the operator's machine.
    """
    report = Report(stack, secret_keys | encrypted.ENCRYPTED, once.sources(environ))
    config = sections.known(config, report)
    encrypted.nothing_else_encrypted(config, secret_keys, report)
    this_time = once.for_once(config, environ, report)
    config = this_time.laid_over(config)
    host_items = read.items(config.get("hosts"), ("hosts",), report)
    host_specs, host_rows = hosts(host_items, report), rows(host_items)
    check_hosts(config.get("hosts"), host_rows, report)
    items = read.items(config.get("instances"), ("instances",), report)
    specs, places = instances.instances(items, host_rows, report)
    check_artifacts(items, config.get("release"), report)
    shared = environment(config, secret_keys, environ, stack_file, report)
    edges = check_edge(config.get("edge"), host_items, host_rows, places, report)
    monitors = check_monitoring(config, host_items, host_rows, places, shared.given, report)
    check_password(config.get("monitoring"), shared, report)
    check_reach(places, shared, edges, monitors, report)
    slotted = this_time.slotted(config)
    check_stores(places, shared, edges, report, slotted=slotted)
    if slotted:
        check_slots(config, places, host_rows, report)
    check_progressive(config, Around.of(config, places, edges, monitors), report)
    check_synthetic(config.get("rollout"), places, shared, report)
    check_batch(config.get("rollout"), report)
    check_order(config.get("rollout"), places, report)
    check_times(config.get("health"), config.get("rollout"), report)
    fleet = FleetSpec(
        hosts=tuple(host_specs),
        instances=tuple(specs),
        release=sections.release(config, report),
        rollout=this_time.completed(sections.rollout(config, report)),
        health=sections.health(config, report),
        edge=sections.edge(config, report),
        env=MappingProxyType(dict(shared.env)),
        secrets=MappingProxyType(dict(shared.secrets)),
        sources=MappingProxyType(dict(shared.sources)),
        notes=(*map(_lost, (host for host in host_specs if host.lost)), *shared.notes),
        digest_key=encrypted.digest_key(config, secret_keys, report),
        hooks=sections.hooks(config, report),
        monitoring=sections.monitoring(config, host_specs, report, read_text),
        protect=sections.protect(config, stack, report),
    )
    report.done()
    return _noted(_told_by_default(fleet, config.get("health")))


def _noted(fleet: FleetSpec) -> FleetSpec:
    """The fleet, with what is to be said of this deploy, and of the synthetic alerts that its gates would need."""
    said = (once.note(fleet.rollout), note(fleet))
    return replace(fleet, notes=(*fleet.notes, *in_the_clear(fleet), *(each for each in said if each)))


def _told_by_default(fleet: FleetSpec, health: object) -> FleetSpec:
    """The fleet, whose health checks tell its own Alertmanagers where the settings name none."""
    if not fleet.monitors or (isinstance(health, Mapping) and health.get("alertmanagers") is not None):
        return fleet
    return replace(fleet, health=replace(fleet.health, alertmanagers=alertmanager_urls(fleet)))


def _lost(host: HostSpec) -> str:
    return f"host {host.name} ({host.address}) is marked lost: it is forgotten without contact"
