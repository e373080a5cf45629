"""Alerts about what runs: a switch that went back, and versions that stay apart."""

from deploy.settings.specs import FleetSpec
from monitoring.rules.rule import Group, Rule, Severity


def group(_: FleetSpec) -> Group:
    """The alerts about rollouts."""
    return Group(
        "rollouts",
        (
            # Every verdict of an instance is counted from 0 on, so that the first one is an increase.
            Rule(
                name="ThreaderRolledBack",
                expr="max by (instance, impl, host) "
                '(increase(threader_switches_total{verdict!~"confirmed|stopped"}[1h])) > 0',
                severity=Severity.WARNING,
                summary="Alert threader {{ $labels.instance }} on {{ $labels.host }} went back to what ran before",
                description="A switch to another generation failed, or was refused, undone or not confirmed, in the "
                "last hour. The old one runs.",
                dashboard="rollout",
            ),
            Rule(
                name="ThreaderVersionsDiffer",
                # Second slots have the version before, and stay as long as one is held, or warm.
                expr='count by (impl) (group by (impl, version) (threader_info{job=~"alert_threader_.*"})) > 1',
                for_=900,
                severity=Severity.WARNING,
                summary="{{ $value }} versions of the {{ $labels.impl }} threader run side by side",
                description="They have for 15 minutes, which is longer than a rollout takes. "
                "One may have been cut off half-way, or a person went back on some hosts.",
                dashboard="rollout",
            ),
        ),
    )
