"""Alerts about how threaders work, apart from whether they answer at all."""

from deploy.settings.specs import FleetSpec
from monitoring.rules.rule import Group, Rule, Severity, window
from monitoring.yaml_text import duration

MANY = 3
"""More failures than this in a few minutes are no accident: Alertmanager repeats what failed, so a cause that stays
makes some ten in the first minute."""


def group(fleet: FleetSpec) -> Group:
    """The alerts about instances."""
    return Group("threaders", (_errors(fleet), *_health(fleet), *_delivering(fleet)))


def _errors(fleet: FleetSpec) -> Rule:
    failed = f'sum by (instance, impl, host) (rate(http_requests_total{{path="/alert",code=~"5.."}}[{window(fleet)}]))'
    every = f'sum by (instance, impl, host) (rate(http_requests_total{{path="/alert"}}[{window(fleet)}]))'
    # The answers to /ready and /metrics outnumber the webhooks by far, so only those to /alert count. Without any,
    # the quotient is NaN, which is not above anything.
    return Rule(
        name="ThreaderHighErrorRate",
        expr=f"{failed} / {every} > 0.05",
        for_=300,
        severity=Severity.WARNING,
        summary="Alert threader {{ $labels.instance }} on {{ $labels.host }} fails more than 5 % of webhooks",
        description="{{ $value | humanizePercentage }} of its webhooks in the last minutes ended with a 5xx. "
        "Alertmanager sends them again.",
        dashboard="instance",
    )


def _health(fleet: FleetSpec) -> tuple[Rule, ...]:
    # A check may be late by a switch, during which it stands back; that takes less than 5 minutes by default.
    old = max(300.0, 5 * fleet.health.every)
    return (
        Rule(
            name="ThreaderHealthCheckFailed",
            expr="threader_health_check_status == 0",
            for_=120,
            severity=Severity.WARNING,
            summary="Alert threader {{ $labels.instance }} on {{ $labels.host }} fails its health check",
            description="The check on its own host has found it ill for two minutes, and restarts it with patience. "
            "Where that does not help, ThreaderHealthCheckFailing follows.",
            dashboard="instance",
        ),
        Rule(
            name="ThreaderHealthCheckStale",
            expr=f"time() - threader_health_check_timestamp_seconds > {old:g} or "
            'up{job=~"alert_threader_.*"} == 1 unless on (instance) threader_health_check_timestamp_seconds',
            for_=120,
            severity=Severity.WARNING,
            summary="Nobody checks the health of alert threader {{ $labels.instance }} on {{ $labels.host }}",
            description=f"Its health timer has told of no check for more than {duration(old)}, or of none at all. "
            "The threader itself may be well, but nothing would restart it.",
            dashboard="instance",
        ),
    )


def _delivering(fleet: FleetSpec) -> tuple[Rule, ...]:
    def failures(kind: str) -> str:
        return f'increase(threader_errors_total{{kind="{kind}"}}[{window(fleet)}])'

    return (
        # Over all threaders: the repeats of one failed webhook go to whichever is free.
        Rule(
            name="ThreaderSlackFailing",
            expr=f"sum({failures('slack')}) > {MANY}",
            for_=60,
            severity=Severity.CRITICAL,
            summary="Slack does not take alerts from the threaders",
            description='About {{ $value | printf "%.0f" }} attempts to post to Slack failed in the last minutes. '
            "The alerts wait in Alertmanager until Slack takes them.",
            dashboard="delivery",
            direct=True,
        ),
        # With a store of its own an instance also says by itself that no record can be kept (threader_health_status).
        Rule(
            name="ThreaderStoreFailing",
            expr=f"{failures('store')} > {MANY} or on (instance) threader_health_status == 0",
            for_=60,
            severity=Severity.CRITICAL,
            summary="Alert threader {{ $labels.instance }} on {{ $labels.host }} can not keep its threads",
            description="Its store (Redis, or a file on its disk) fails. It refuses alerts rather than posting what it "
            "could not remember.",
            dashboard="instance",
            direct=True,
        ),
    )
