"""Who is told of which alert, and which alert makes others superfluous: Alertmanager's routes and inhibitions. Pure."""

from typing import Any, Final

from monitoring.rules.rule import DIRECT, Severity

THREADERS: Final = "threaders"
"""The receiver of almost everything: the threaders, through every edge."""
PAST_THEM: Final = "direct"
"""The receiver of what the threaders may not be able to deliver: Slack, without them."""
NOBODY: Final = "nobody"
"""The receiver that tells nobody."""

CHANNELS: Final = {
    Severity.CRITICAL: "#alerts-critical",
    Severity.WARNING: "#alerts-warning",
    Severity.INFO: "#alerts-info",
}
"""The channel for a severity; other ones go where warnings go, as with the threaders."""


def route(direct: bool) -> dict[str, Any]:
    """The tree of routes; without `direct` there is no other way than the threaders.

    The threaders make a thread of every alert, so a group is only what is posted at once. Alertmanager tries a failed
    notification again for `group_interval`, and then begins anew: nothing is given up while an alert lasts.
    """
    past = {"receiver": PAST_THEM, "matchers": [f'path="{DIRECT}"'], "group_by": ["alertname", "severity"]}
    return {
        "receiver": THREADERS,
        "group_by": ["alertname", "host"],
        "group_wait": "10s",
        "group_interval": "1m",
        "repeat_interval": "4h",
        "routes": [{"receiver": NOBODY, "matchers": ['alertname="Watchdog"']}, *([past] if direct else [])],
    }


def inhibitions() -> list[dict[str, Any]]:
    """What is not told while something else is that explains it."""
    return [
        _inhibit('alertname="ThreadersUnavailable"', 'alertname=~"ThreaderInstanceDown|EdgeDown"'),
        _inhibit(
            'alertname="ThreadersUnavailable"', 'alertname="AlertmanagerNotificationsFailing"', f'path="{DIRECT}"'
        ),
        _inhibit('alertname="HostDown"', 'alertname!="HostDown"', equal=("host",)),
        # Failed is of Prometheus, Failing of the health check itself, which has tried restarts.
        _inhibit(
            'alertname="ThreaderInstanceDown"',
            'alertname=~"ThreaderHealthCheckFailed|ThreaderHealthCheckFailing"',
            equal=("instance",),
        ),
        # Without its node exporter nothing of a host is known that lies in text files.
        _inhibit(
            'alertname="MonitoringTargetDown",job="node"', 'alertname="ThreaderHealthCheckStale"', equal=("host",)
        ),
        _inhibit('severity="critical"', 'severity="warning"', equal=("alertname", "instance")),
    ]


def _inhibit(source: str, *targets: str, equal: tuple[str, ...] = ()) -> dict[str, Any]:
    found = {"source_matchers": source.split(","), "target_matchers": list(targets)}
    return {**found, "equal": list(equal)} if equal else found
