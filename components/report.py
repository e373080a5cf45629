"""What a stack says of itself: notes in the preview, and outputs that the command line and pyinfra read."""

from typing import Any, Final

import pulumi

from components.inputs import connection
from deploy.manifest.monitoring.part import LOOPBACK, listening
from deploy.settings.addresses import endpoint
from deploy.settings.specs import REDACTED, FleetSpec, NoSource

NO_GRAFANA: Final = "Grafana: not installed here, set monitoring.grafana.source"
NO_LOKI: Final = "Loki: not installed here, set monitoring.loki.source"


def say(spec: FleetSpec) -> None:
    """Tell once what a person should know, and where each variable's value came from; values are never shown."""
    for note in spec.notes:
        pulumi.log.warn(note)
    shell = [
        f"{name} = {REDACTED} ({source})" for name, source in spec.sources.items() if source.startswith("environment")
    ]
    if shell:
        pulumi.log.info(f"from your shell: {', '.join(shell)}")


def addresses(spec: FleetSpec) -> dict[str, str]:
    """Where each instance answers."""
    return {instance.name: f"http://{spec.host(instance.host).address}:{instance.port}" for instance in spec.instances}


def edges(spec: FleetSpec) -> dict[str, str]:
    """Where Alertmanager posts to, by the host of each edge."""
    return {host.name: f"http://{host.address}:{spec.edge.port}" for host in spec.edges}


def monitoring(spec: FleetSpec) -> dict[str, Any] | None:
    """Where the monitoring answers, on which host; None where there is none. On loopback, only that host reaches it."""
    if not spec.monitors:
        return None
    first, wanted = spec.monitors[0], spec.monitoring
    loki = {"host": first.name, "address": endpoint(listening(first.address), wanted.loki.port)}
    grafana = {"host": first.name, "address": f"{LOOPBACK}:{wanted.grafana.port}"}
    has_loki, has_grafana = (not isinstance(each.source, NoSource) for each in (wanted.loki, wanted.grafana))
    return {
        "hosts": [host.name for host in spec.monitors],
        "prometheus": {"host": first.name, "address": f"{LOOPBACK}:{wanted.prometheus.port}"},
        "alertmanagers": {
            host.name: endpoint(listening(host.address), wanted.alertmanager.port) for host in spec.monitors
        },
        "loki": loki if has_loki else None,
        "grafana": grafana if has_grafana else None,
        "every": wanted.prometheus.every,
        "retention_days": wanted.prometheus.retention_days,
        "objective": wanted.objective,
        **({"access": access} if (access := _access(spec)) else {}),
        "notes": [*([] if has_loki else [NO_LOKI]), *([] if has_grafana else [NO_GRAFANA])],
    }


def _access(spec: FleetSpec) -> dict[str, str]:
    """How the parts of the monitoring are asked, apart from the password."""
    tls, basic_auth = spec.monitoring.tls, spec.monitoring.basic_auth
    return {**({"ca": tls.ca} if tls else {}), **({"user": basic_auth.user} if basic_auth else {})}


def inventory(spec: FleetSpec) -> dict[str, Any]:
    """Hosts with how to reach them, and instances with where they are."""
    return {
        "hosts": {host.name: {**connection(host), "lost": host.lost, "roles": list(host.roles)} for host in spec.hosts},
        "instances": {
            instance.name: {"host": instance.host, "port": instance.port, "impl": str(instance.impl)}
            for instance in spec.instances
        },
    }


def went(result: str | None, standing: str | None) -> str | None:
    """How the last rollout went; one that was held, and that somebody took back without Pulumi, is held no longer."""
    held = (result or "").startswith("held ")
    return result if not held or (standing or "").startswith("held ") else "no longer held"


def settled(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """An output as it is; when its resource failed, the stack keeps the outputs of its last success instead of none."""

    async def value() -> Any:
        if not pulumi.runtime.is_dry_run() and not await output.is_known():
            raise pulumi.RunError("the stack's outputs stay as they were, since the rollout did not succeed")
        return output

    return pulumi.Output.from_input(value())
