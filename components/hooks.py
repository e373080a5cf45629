"""The operator's own commands around a rollout, run on this machine by pulumi-command when a generation changes."""

from collections.abc import Mapping, Sequence

import pulumi


def hooks(
    when: str, commands: Sequence[str], generations: Mapping[str, str], options: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """One command after the other, `when` ("before" or "after") the rollout; each runs again for other generations."""
    if not commands:
        return []
    from pulumi_command import local  # needs its plugin, and takes 0.2 s to import: only where there are hooks

    made: list[pulumi.Resource] = []
    for number, command in enumerate(commands, start=1):
        own = pulumi.ResourceOptions(depends_on=made[-1:])
        merged = pulumi.ResourceOptions.merge(options, own)
        triggers = [f"{name}={generation}" for name, generation in sorted(generations.items())]
        made.append(local.Command(f"{when}-{number}", create=command, triggers=triggers, opts=merged))
    return made
