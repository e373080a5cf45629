"""Alerts about monitoring itself, and the one that always fires."""

from deploy.settings.specs import FleetSpec
from monitoring.rules.rule import Group, Rule, Severity, window


def group(fleet: FleetSpec) -> Group:
    """The alerts about monitoring itself."""
    return Group("monitoring", (_watchdog(), _target_down(), _rule_failing(fleet), *_notifications(fleet)))


def _watchdog() -> Rule:
    return Rule(
        name="Watchdog",
        expr="vector(1)",
        severity=Severity.NONE,
        summary="Alerts get as far as Alertmanager",
        description="This alert always fires and tells nobody. The hosts with an edge look for it at every "
        "Alertmanager, and post to Slack themselves when it is at none.",
        dashboard="monitoring",
    )


def _target_down() -> Rule:
    return Rule(
        name="MonitoringTargetDown",
        expr='up{job=~"node|prometheus|alertmanager|loki|blackbox_exporter"} == 0',
        for_=120,
        severity=Severity.WARNING,
        summary="{{ $labels.job }} on {{ $labels.host }} is down",
        description="Its metrics have not been reached for two minutes, so what it watches is not watched.",
        dashboard="monitoring",
    )


def _rule_failing(fleet: FleetSpec) -> Rule:
    return Rule(
        name="PrometheusRuleFailing",
        expr=f"increase(prometheus_rule_evaluation_failures_total[{window(fleet)}]) > 0",
        for_=120,
        severity=Severity.WARNING,
        summary="Prometheus on {{ $labels.host }} can not evaluate some of its rules",
        description="Rules of {{ $labels.rule_group }} fail, so their alerts can not fire.",
        dashboard="monitoring",
    )


def _notifications(fleet: FleetSpec) -> tuple[Rule, ...]:
    """One rule for each way out: the news that one of them is closed takes the other one."""

    def failing(integration: str, where: str, direct: bool) -> Rule:
        counter = f'alertmanager_notifications_failed_total{{integration="{integration}"}}'
        return Rule(
            name="AlertmanagerNotificationsFailing",
            expr=f"increase({counter}[{window(fleet)}]) > 0",
            for_=300,
            severity=Severity.CRITICAL,
            summary=f"Alertmanager on {{{{ $labels.host }}}} can not deliver alerts to {where}",
            description=f"Notifications to {where} have failed for 5 minutes, in spite of retries.",
            dashboard="monitoring",
            direct=direct,
        )

    return failing("webhook", "the threaders", True), failing("slack", "Slack directly", False)
