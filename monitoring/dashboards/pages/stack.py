"""Monitoring: whether what watches the fleet is well itself."""

from functools import partial
from typing import Final

from monitoring.dashboards import terms
from monitoring.dashboards.model import Colour, Mark, Panel, Query, Scope, Unit, View, Word

UID: Final = "monitoring"
_stat = partial(Panel, UID, view=View.STAT, width=6, height=4)
_graph = partial(Panel, UID)
_FAILED: Final = 'name=~"alert-threader.*",name!~"alert-threader-health@.*",state="failed"'
_LOADED: Final = (Word(0, "refused", Colour.RED), Word(1, "loaded", Colour.GREEN))


def panels(scope: Scope) -> tuple[Panel, ...]:
    """From the targets to the message, in the order in which an alert comes about."""
    return (*_numbers(), *_targets(scope), *_alerts(scope), *_prometheus(scope), *_loki(scope))


def _numbers() -> tuple[Panel, ...]:
    return (
        _stat(
            "Watchdog",
            "An alert that always fires: 1 while rules are evaluated. That it arrives is checked on a second path.",
            Unit.COUNT,
            (Query('count(ALERTS{alertname="Watchdog",alertstate="firing"}) or vector(0)'),),
            marks=(Mark(None, Colour.RED), Mark(1, Colour.GREEN)),
        ),
        _stat(
            "Targets down",
            "What Prometheus does not reach, of all that it watches.",
            Unit.COUNT,
            (Query("count(up == 0) or vector(0)"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _stat(
            "Prometheus's configuration",
            "Whether the last one was loaded.",
            Unit.COUNT,
            (Query("min by (host) (prometheus_config_last_reload_successful)", "{{host}}"),),
            words=_LOADED,
        ),
        _stat(
            "Alertmanager's configuration",
            "Whether the last one was loaded.",
            Unit.COUNT,
            (Query("min by (host) (alertmanager_config_last_reload_successful)", "{{host}}"),),
            words=_LOADED,
        ),
    )


def _targets(scope: Scope) -> tuple[Panel, ...]:
    return (
        _graph(
            "Targets up by job",
            "Share of the targets that are reached.",
            Unit.RATIO,
            (Query("avg by (job) (up)", "{{job}}"),),
        ),
        _graph(
            "Time of a scrape",
            f"The slowest of each job; above {scope.every:g} s scrapes are missed.",
            Unit.SECONDS,
            (Query("max by (job) (scrape_duration_seconds)", "{{job}}"),),
        ),
        _graph(
            "Units that failed",
            "Our units that systemd has given up, by host; health checks are not counted, since they ask for restarts.",
            Unit.COUNT,
            (Query(f"sum by (host) (node_systemd_unit_state{{{_FAILED}}})", "{{host}}"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _graph(
            "Probes that fail",
            "Health pages of threaders as the prober sees them from a monitor.",
            Unit.COUNT,
            (Query("count by (probe) (probe_success == 0) or 0 * count by (probe) (probe_success)", "{{probe}}"),),
            marks=terms.NONE_IS_GOOD,
        ),
    )


def _alerts(scope: Scope) -> tuple[Panel, ...]:
    firing = 'count by (alertname, severity) (ALERTS{alertstate="firing"})'
    used = '{integration=~"webhook|slack"}'
    sent = f"sum by (integration) (rate(alertmanager_notifications_total{used}[{scope.window}]))"
    bad = f"sum by (integration) (increase(alertmanager_notifications_failed_total{used}[{scope.window}]))"
    pair = (
        _graph(
            "Alertmanagers that agree",
            f"Members that each one sees; {scope.monitors} are meant.",
            Unit.COUNT,
            (Query("max by (host) (alertmanager_cluster_members)", "{{host}}"),),
            marks=(Mark(None, Colour.RED), Mark(scope.monitors, Colour.GREEN)),
        ),
    )
    return (
        _graph(
            "Alerts firing",
            "Alerts of Prometheus's rules by name; the Watchdog always fires.",
            Unit.COUNT,
            (Query(firing, "{{alertname}} ({{severity}})"),),
        ),
        _graph(
            "Notifications",
            "Notifications a second by where they go: webhook is the way over the threaders, slack the direct one.",
            Unit.PER_SECOND,
            (Query(sent, "{{integration}}"),),
        ),
        _graph(
            "Notifications that failed",
            "Attempts that failed in the minutes before; Alertmanager tries again.",
            Unit.COUNT,
            (Query(f"round({bad})", "{{integration}}"),),
            marks=terms.NONE_IS_GOOD,
        ),
        *(pair if scope.monitors > 1 else ()),
    )


def _prometheus(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    lost = f"prometheus_notifications_dropped_total[{window}]"
    return (
        _graph(
            "Rules that failed",
            "Evaluations of rules that failed in the minutes before.",
            Unit.COUNT,
            (
                Query(
                    f"round(sum by (host) (increase(prometheus_rule_evaluation_failures_total[{window}])))", "{{host}}"
                ),
            ),
            marks=terms.NONE_IS_GOOD,
        ),
        _graph(
            "Alerts that no Alertmanager took",
            "Alerts that Prometheus dropped in the minutes before.",
            Unit.COUNT,
            (Query(f"round(sum by (host) (increase({lost})))", "{{host}}"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _graph(
            "Series",
            "Series that Prometheus holds in memory; a sudden rise is a label without end.",
            Unit.COUNT,
            (Query("max by (host) (prometheus_tsdb_head_series)", "{{host}}"),),
        ),
        _graph(
            "Size of the metrics",
            "What Prometheus keeps on disk; the oldest goes first (monitoring.prometheus.retention_mb).",
            Unit.BYTES,
            (Query("max by (host) (prometheus_tsdb_storage_blocks_bytes)", "{{host}}"),),
        ),
    )


def _loki(scope: Scope) -> tuple[Panel, ...]:
    if not scope.loki:
        return ()
    window = scope.window
    pushes = 'loki_request_duration_seconds_count{route="loki_api_v1_push",status_code=~"4..|5.."}'
    refused = f"sum(increase({pushes}[{window}]))"
    return (
        _graph(
            "Log lines taken",
            "Lines a second that Loki takes from the hosts.",
            Unit.PER_SECOND,
            (Query(f"sum by (host) (rate(loki_distributor_lines_received_total[{window}]))", "{{host}}"),),
        ),
        _graph(
            "Log lines that Loki refused",
            "Pushes that it answered with 4xx or 5xx in the minutes before; hosts keep the lines, and send them again.",
            Unit.COUNT,
            (Query(f"round({refused}) or vector(0)", "refused"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _graph(
            "Log streams",
            "Streams that Loki holds in memory; a sudden rise is a label without end.",
            Unit.COUNT,
            (Query("sum by (host) (loki_ingester_memory_streams)", "{{host}}"),),
        ),
    )
