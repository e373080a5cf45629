"""Alerts about who answers: hosts, edges and threaders.

They are one group, so that all of them are found at the same moment, and those that explain others come first: none of
the others is told in between (`monitoring.routes`).
"""

from deploy.settings.specs import FleetSpec
from monitoring.rules.rule import Group, Rule, Severity


def group(_: FleetSpec) -> Group:
    """The alerts about who answers."""
    return Group("availability", (*_above(), *_below()))


def _above() -> tuple[Rule, ...]:
    return (
        # A probe is a question to the prober, which is on the monitor: that it answers says nothing of the probed host.
        Rule(
            name="HostDown",
            expr='max by (host) (up{job!="blackbox"}) == 0',
            for_=60,
            severity=Severity.CRITICAL,
            summary="Nothing on host {{ $labels.host }} answers",
            description="Neither its node exporter nor anything else on it has been reached for a minute.",
            dashboard="fleet-overview",
        ),
        Rule(
            name="ThreadersUnavailable",
            expr='max(haproxy_backend_active_servers{proxy="threaders"}) == 0 or max(up{job="edge"}) == 0',
            for_=60,
            severity=Severity.CRITICAL,
            summary="No alert threader can be reached",
            description="No edge has had a threader to give webhooks to for a minute, or no edge answers. "
            "Alertmanager keeps what it could not send, and repeats it.",
            dashboard="fleet-overview",
            direct=True,
        ),
    )


def _below() -> tuple[Rule, ...]:
    return (
        Rule(
            name="EdgeDown",
            expr='up{job="edge"} == 0',
            for_=60,
            severity=Severity.CRITICAL,
            summary="The edge on {{ $labels.host }} is down",
            description="HAProxy there has not answered for a minute. Alertmanager posts to the other edges, if any.",
            dashboard="delivery",
        ),
        Rule(
            name="ThreaderInstanceDown",
            expr='up{job=~"alert_threader_.*"} == 0',
            for_=60,
            severity=Severity.CRITICAL,
            summary="Alert threader {{ $labels.instance }} on {{ $labels.host }} is down",
            description="Its metrics have not been reached for a minute. The other threaders deliver in its place.",
            dashboard="instance",
        ),
    )
