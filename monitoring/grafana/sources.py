"""Grafana's provisioning: which datasources it has, and where its dashboards lie."""

from typing import Any, Final

import yaml

from deploy.manifest.monitoring.access import PASSWORD, authority
from deploy.manifest.paths import credential_path
from deploy.settings.addresses import endpoint
from deploy.settings.specs import FleetSpec, NoSource
from monitoring.dashboards import Source
from monitoring.scrape import alertmanagers

FOLDER: Final = "Alert threaders"
"""The folder in which the dashboards are shown."""


def datasources(fleet: FleetSpec) -> str:
    """YAML of the datasources, with fixed uids: prometheus, loki where it is, and each Alertmanager.

    The first Alertmanager is `alertmanager`, the next one `alertmanager-2`. Grafana runs on the first monitor, where
    Prometheus listens on loopback; ValueError where there is no monitor.
    """
    if not fleet.monitors:
        raise ValueError("a fleet without a host with the role monitor has no Grafana")
    wanted, scheme = fleet.monitoring, fleet.monitoring.scheme
    found = [_prometheus(fleet)]
    if not isinstance(wanted.loki.source, NoSource):
        place = endpoint(fleet.monitors[0].address, wanted.loki.port)
        found.append(_source("Loki", Source.LOKI.value, f"{scheme}://{place}"))
    for number, (host, place) in enumerate(zip(fleet.monitors, alertmanagers(fleet), strict=True), 1):
        name = "alertmanager" if number == 1 else f"alertmanager-{number}"
        more = {"implementation": "prometheus", "handleGrafanaManagedAlerts": False}
        found.append(_source(f"Alertmanager on {host.name}", "alertmanager", f"{scheme}://{place}", uid=name, **more))
    found = [_reached(each, fleet) for each in found]
    return yaml.safe_dump({"apiVersion": 1, "prune": True, "datasources": found}, sort_keys=False)


def provider(folder: str) -> str:
    """YAML of the one provider: dashboards are the files in `folder`, and nobody saves over them."""
    made = {
        "name": "alert-threader",
        "orgId": 1,
        "folder": FOLDER,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": folder, "foldersFromFilesStructure": False},
    }
    return yaml.safe_dump({"apiVersion": 1, "providers": [made]}, sort_keys=False)


def _prometheus(fleet: FleetSpec) -> dict[str, Any]:
    """Grafana takes no shorter step than one scrape."""
    wanted = fleet.monitoring.prometheus
    more = {"httpMethod": "POST", "timeInterval": f"{wanted.every:g}s"}
    url = f"{fleet.monitoring.scheme}://127.0.0.1:{wanted.port}"
    made = _source("Prometheus", Source.PROMETHEUS.value, url, **more)
    return {**made, "isDefault": True}


def _reached(source: dict[str, Any], fleet: FleetSpec) -> dict[str, Any]:
    """A datasource with what its TLS and its login need: of them Grafana reads files when it starts."""
    wanted, more, secret = fleet.monitoring, dict[str, Any](), dict[str, Any]()
    if wanted.tls:
        named = {"serverName": fleet.monitors[0].address} if source["type"] == Source.PROMETHEUS.value else {}
        more = {"tlsAuthWithCACert": True, **named}
        secret["tlsCACert"] = f"$__file{{{authority('grafana')}}}"
    found = {**source, **({"jsonData": {**source.get("jsonData", {}), **more}} if more else {})}
    if wanted.basic_auth and source["type"] != Source.LOKI.value:
        found |= {"basicAuth": True, "basicAuthUser": wanted.basic_auth.user}
        secret["basicAuthPassword"] = f"$__file{{{credential_path('grafana', PASSWORD)}}}"
    return {**found, **({"secureJsonData": secret} if secret else {})}


def _source(name: str, kind: str, url: str, uid: str | None = None, **more: object) -> dict[str, Any]:
    made = {"name": name, "type": kind, "uid": uid or kind, "access": "proxy", "url": url, "editable": False}
    return {**made, **({"jsonData": more} if more else {})}
