"""What a stack says of itself: notes in the preview, and outputs that the command line and pyinfra read."""

from typing import Any

import pulumi

from components.inputs import connection
from deploy.settings.specs import REDACTED, FleetSpec


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


def inventory(spec: FleetSpec) -> dict[str, Any]:
    """Hosts with how to reach them, and instances with where they are."""
    return {
        "hosts": {host.name: {**connection(host), "lost": host.lost, "roles": list(host.roles)} for host in spec.hosts},
        "instances": {
            instance.name: {"host": instance.host, "port": instance.port, "impl": str(instance.impl)}
            for instance in spec.instances
        },
    }


def settled(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """An output as it is; when its resource failed, the stack keeps the outputs of its last success instead of none."""

    async def value() -> Any:
        if not pulumi.runtime.is_dry_run() and not await output.is_known():
            raise pulumi.RunError("the stack's outputs stay as they were, since the rollout did not succeed")
        return output

    return pulumi.Output.from_input(value())
