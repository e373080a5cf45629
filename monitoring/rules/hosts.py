"""Alerts about what hosts need to work: room on their disks, and units that run."""

from typing import Final

from deploy.settings.specs import FleetSpec
from monitoring.rules.rule import Group, Rule, Severity

RUNNING: Final = (
    "edge",
    "prometheus",
    "alertmanager",
    "loki",
    "grafana",
    "node-exporter",
    "blackbox-exporter",
    "log-shipper",
)
"""The parts whose units run for ever, where they are at all."""


def group(_: FleetSpec) -> Group:
    """The alerts about hosts."""
    return Group("hosts", (_disk(), *_units()))


def _disk() -> Rule:
    # One device is mounted in several places as a confined exporter sees it, always equally full.
    return Rule(
        name="HostDiskAlmostFull",
        expr='min by (host, device) (node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs"} / node_filesystem_size_bytes)'
        " < 0.1",
        for_=300,
        severity=Severity.WARNING,
        summary="A disk of {{ $labels.host }} is almost full",
        description="{{ $value | humanizePercentage }} of {{ $labels.device }} are left. On a full disk threads are "
        "not kept, and rollouts are refused.",
        dashboard="fleet-overview",
    )


def _units() -> tuple[Rule, ...]:
    parts = f"alert-threader-({'|'.join(RUNNING)})[.]service|alert-threader-watchdog[.]timer"
    return (
        # A health check ends with an error to ask for a restart, so its unit is failed until the next one.
        Rule(
            name="UnitFailed",
            expr='node_systemd_unit_state{name=~"alert-threader.*",name!~"alert-threader-health@.*",state="failed"}'
            " == 1",
            for_=120,
            severity=Severity.WARNING,
            summary="{{ $labels.name }} on {{ $labels.host }} has failed",
            description="systemd has given it up, or its last run ended with an error.",
            dashboard="fleet-overview",
        ),
        Rule(
            name="UnitNotRunning",
            expr=f'max by (host, name) (node_systemd_unit_state{{name=~"{parts}",'
            'state=~"activating|deactivating|inactive"}) == 1',
            for_=300,
            severity=Severity.WARNING,
            summary="{{ $labels.name }} on {{ $labels.host }} does not run",
            description="It is meant to run all the time, and has not for 5 minutes: somebody stopped it, or it does "
            "not get started.",
            dashboard="fleet-overview",
        ),
    )
