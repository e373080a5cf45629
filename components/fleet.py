"""The Fleet: hosts, instances, the rollout that activates them, and what watches over them, composed from a spec."""

from collections.abc import Mapping

import pulumi

from components.edges import edge_hosts, edge_inputs
from components.hooks import hooks
from components.inputs import generation, health_inputs, host_inputs, instance_inputs, rollout_inputs
from components.monitoring import part_inputs, parts
from components.parts import KINDS
from components.report import went
from components.resources import Edge, HealthTimer, Host, Instance, Rollout
from deploy.settings.specs import FleetSpec, Impl


class Fleet(pulumi.ComponentResource):
    """All resources of a fleet; `instances`: the generation each instance runs, `rollout`: how the last one went."""

    instances: pulumi.Output[dict[str, str]]
    rollout: pulumi.Output[str | None]

    def __init__(self, name: str, spec: FleetSpec, digests: Mapping[Impl, str]) -> None:
        super().__init__("alert-threader:index:Fleet", name)
        options = pulumi.ResourceOptions(parent=self, protect=spec.protect)
        hidden = pulumi.Output.secret
        hosts = {host.name: Host(host.name, host_inputs(host, spec, hidden), options) for host in spec.hosts}
        generations = {instance.name: generation(instance, spec, digests) for instance in spec.instances}
        key = spec.digest_key.value if spec.digest_key else pulumi.get_stack()
        names = {instance: made.identity(key) for instance, made in generations.items()}
        staged = [
            Instance(
                instance.name,
                instance_inputs(instance, spec, generations[instance.name], names[instance.name], hidden),
                pulumi.ResourceOptions(parent=self, protect=spec.protect, depends_on=hosts[instance.host]),
            )
            for instance in spec.instances
        ]
        edges = [
            Edge(
                f"{host.name}-edge",
                edge_inputs(host, spec),
                pulumi.ResourceOptions(parent=self, protect=spec.protect, depends_on=hosts[host.name]),
            )
            for host in edge_hosts(spec)
        ]
        before = hooks("before", spec.hooks.before, names, pulumi.ResourceOptions(parent=self, depends_on=staged))
        rollout = Rollout(
            "rollout",
            rollout_inputs(spec, names, pulumi.Output.secret),
            pulumi.ResourceOptions(parent=self, protect=spec.protect, depends_on=[*staged, *edges, *before]),
        )
        for instance, made in zip(spec.instances, staged, strict=True):
            # Directly on its instance, too: what only the rollout stands between would be removed in any order.
            needs = [rollout, made, hosts[instance.host]]
            timer = pulumi.ResourceOptions(parent=self, protect=spec.protect, depends_on=needs)
            HealthTimer(f"{instance.name}-health", health_inputs(instance, spec), timer)
        for host, kind, part in parts(spec, pulumi.get_stack()):
            # On its host alone: no rollout waits for the monitoring, and it waits for none.
            own = pulumi.ResourceOptions(parent=self, protect=spec.protect, depends_on=hosts[host.name])
            KINDS[kind](f"{host.name}-{part.name}", part_inputs(part, host, spec, hidden), own)
        after = pulumi.ResourceOptions(parent=self, depends_on=rollout)
        hooks("after", spec.hooks.after, names, after, rollout.rollout)
        self.instances = rollout.instances
        self.rollout = pulumi.Output.all(rollout.rollout, rollout.standing).apply(lambda each: went(*each))
        self.register_outputs({"instances": self.instances})
