"""The resources of our provider, as a Pulumi program sees them."""

from collections.abc import Mapping
from typing import Any

import pulumi


class Host(pulumi.CustomResource):
    """The base of one host: folders, units, the activation helper and the service user."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("threader:index:Host", name, dict(inputs), options)


class Instance(pulumi.CustomResource):
    """A threader on a host: the generation that is staged there."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("threader:index:Instance", name, dict(inputs), options)


class Edge(pulumi.CustomResource):
    """HAProxy on one host, in front of all instances."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("threader:index:Edge", name, dict(inputs), options)


class Rollout(pulumi.CustomResource):
    """The activation of staged generations across the fleet, as one transaction."""

    instances: pulumi.Output[dict[str, str]]
    rollout: pulumi.Output[str | None]
    """How the last rollout went, for people."""
    standing: pulumi.Output[str | None]
    """That the last rollout has not ended, and its id; else None."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None) -> None:
        only_found = {"rollout": None, "standing": None}
        super().__init__("threader:index:Rollout", name, {**inputs, **only_found}, options)


class HealthTimer(pulumi.CustomResource):
    """The timer that checks an instance, has it restarted, and tells Alertmanager when that does not help."""

    def __init__(self, name: str, inputs: Mapping[str, Any], options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("threader:index:HealthTimer", name, dict(inputs), options)
