"""Fleet overview: whether alerts get to Slack, on one screen."""

from functools import partial
from typing import Final

from monitoring.dashboards import terms
from monitoring.dashboards.model import Colour, Mark, Panel, Query, Scope, Source, Unit, View

UID: Final = "fleet-overview"
_stat = partial(Panel, UID, view=View.STAT, width=4, height=4)
_graph = partial(Panel, UID)


def panels(scope: Scope) -> tuple[Panel, ...]:
    """The numbers first, then the same over time by instance, then the hosts."""
    return (*_health(scope), *_counts(scope), *_logs(scope), *_instances(scope), *_hosts(scope))


def _health(scope: Scope) -> tuple[Panel, ...]:
    window, up = scope.window, f"up{{{terms.THREADERS}}}"
    return (
        _stat("Instances up", "Threaders that Prometheus reaches.", Unit.COUNT, (Query(f"sum({up})"),)),
        _stat(
            "Instances down",
            "Threaders that Prometheus does not reach; others take their webhooks.",
            Unit.COUNT,
            (Query(f"count({up} == 0) or vector(0)"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _stat(
            "Webhooks",
            "Webhooks a second that threaders answer, over the last minutes.",
            Unit.REQUESTS,
            (Query(terms.webhooks(window)),),
            nothing=terms.NO_TRAFFIC,
        ),
        _stat(
            "Failed webhooks, last hour",
            "Share of webhooks that threaders answered with a 5xx; Alertmanager sends those again.",
            Unit.RATIO,
            (Query(terms.failed("1h")),),
            marks=terms.FAILED,
            nothing=terms.NO_TRAFFIC,
        ),
        _stat(
            "p99, last hour",
            "99 of 100 webhooks were answered within this time, Slack's own time included.",
            Unit.SECONDS,
            (Query(terms.answered_within(0.99, "1h")),),
            marks=terms.SLOW,
            nothing=terms.NO_TRAFFIC,
        ),
        _stat(
            "Delivered, last hour",
            f"Share of webhooks at the edge that got to Slack within 60 s; {scope.objective:g} % are promised.",
            Unit.RATIO,
            (Query(terms.delivered("1h")),),
            marks=(Mark(None, Colour.RED), Mark(scope.target, Colour.GREEN)),
            nothing=terms.NO_TRAFFIC,
        ),
    )


def _counts(scope: Scope) -> tuple[Panel, ...]:
    wide = 6 if scope.loki else 8
    return (
        _stat(
            "Messages to Slack, last hour",
            "Posted by all threaders; repeats of what Slack has seen are not counted.",
            Unit.COUNT,
            (Query(terms.events(f"threader_messages_total{{{terms.POSTED}}}", "1h")),),
            width=wide,
        ),
        _stat(
            "Errors, last hour",
            "Failures that threaders counted, of every kind.",
            Unit.COUNT,
            (Query(terms.events("threader_errors_total", "1h")),),
            marks=terms.NONE_IS_GOOD,
            width=wide,
        ),
        _stat(
            "Alerts firing",
            "Alerts of Prometheus's own rules, without the Watchdog, which always fires.",
            Unit.COUNT,
            (Query('count(ALERTS{alertstate="firing",alertname!="Watchdog"}) or vector(0)'),),
            marks=terms.NONE_IS_GOOD,
            width=wide,
        ),
    )


def _logs(scope: Scope) -> tuple[Panel, ...]:
    if not scope.loki:
        return ()
    return (
        _stat(
            "Error lines, last hour",
            "Lines of level error in the journals of all threaders.",
            Unit.COUNT,
            (Query('sum(count_over_time({job="alert_threader",level="error"}[1h])) or vector(0)'),),
            source=Source.LOKI,
            marks=terms.NONE_IS_GOOD,
            width=6,
        ),
    )


def _instances(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    return (
        _graph(
            "Up",
            "When Prometheus reached each threader.",
            Unit.COUNT,
            (Query(f"max by (instance) (up{{{terms.THREADERS}}})", "{{instance}}"),),
            view=View.STATES,
            words=terms.UP,
        ),
        _graph(
            "Webhooks by instance",
            "Webhooks a second; the edge sends them where the fewest are in hand.",
            Unit.REQUESTS,
            (Query(terms.webhooks(window, "instance"), "{{instance}}"),),
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Failed by instance",
            "Share of webhooks answered with a 5xx: all alike means Slack or the store, one alone that instance.",
            Unit.RATIO,
            (Query(terms.failed(window, "instance"), "{{instance}}"),),
            marks=terms.FAILED,
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "p99 by instance",
            "99 of 100 webhooks are answered within this time.",
            Unit.SECONDS,
            (Query(terms.answered_within(0.99, window, "instance"), "{{instance}}"),),
            marks=terms.SLOW,
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Messages by instance, last hour",
            "Messages posted to Slack in the hour before.",
            Unit.COUNT,
            (Query(terms.events(f"threader_messages_total{{{terms.POSTED}}}", "1h", "instance"), "{{instance}}"),),
        ),
        _graph(
            "Servers at the edge",
            "Threaders that each edge sends webhooks to; 0 means that it refuses them.",
            Unit.COUNT,
            (Query(f"max by (host) (haproxy_backend_active_servers{{{terms.EDGE}}})", "{{host}}"),),
            marks=(Mark(None, Colour.RED), Mark(1, Colour.YELLOW), Mark(2, Colour.GREEN)),
        ),
    )


def _hosts(scope: Scope) -> tuple[Panel, ...]:
    idle = f'avg by (host) (rate(node_cpu_seconds_total{{mode="idle"}}[{scope.window}]))'
    memory = "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    real = terms.selector('fstype!~"tmpfs|ramfs"')
    disk = f"node_filesystem_avail_bytes{real} / node_filesystem_size_bytes{real}"
    return (
        _graph("CPU", "Share of a host's processors in use.", Unit.RATIO, (Query(f"1 - {idle}", "{{host}}"),)),
        _graph(
            "Memory",
            "Share of a host's memory in use, caches not counted.",
            Unit.RATIO,
            (Query(f"1 - min by (host) ({memory})", "{{host}}"),),
            marks=terms.FULL,
        ),
        _graph(
            "Disk",
            "Share of a host's fullest file system in use; a full one refuses rollouts.",
            Unit.RATIO,
            (Query(f"1 - min by (host) ({disk})", "{{host}}"),),
            marks=terms.FULL,
        ),
    )
