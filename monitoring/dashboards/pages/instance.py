"""Instance: one threader, from its webhooks to its memory."""

from functools import partial
from typing import Final

from monitoring.dashboards import terms
from monitoring.dashboards.model import Panel, Query, Scope, Source, Unit, View

UID: Final = "instance"
ONE: Final = 'instance=~"$instance"'
_stat = partial(Panel, UID, view=View.STAT, width=4, height=4)
_graph = partial(Panel, UID)


def panels(scope: Scope) -> tuple[Panel, ...]:
    """How it is, what it does, what it uses, what it says."""
    return (*_state(), *_checks(), *_work(scope), *_slack(scope), *_process(scope), *_logs(scope))


def _state() -> tuple[Panel, ...]:
    return (
        _stat(
            "Up",
            "Whether Prometheus reaches it.",
            Unit.COUNT,
            (Query(f"max by (instance) (up{{{terms.THREADERS},{ONE}}})", "{{instance}}"),),
            words=terms.UP,
        ),
        _stat(
            "Own health",
            "What its /health would say now.",
            Unit.COUNT,
            (Query(f"max by (instance) (threader_health_status{{{ONE}}})", "{{instance}}"),),
            words=terms.ILL,
        ),
        _stat(
            "Version",
            "What it runs.",
            Unit.TEXT,
            (
                Query(
                    f"max by (instance, version, impl) (threader_info{{{ONE}}})", "{{instance}} {{version}} ({{impl}})"
                ),
            ),
        ),
    )


def _checks() -> tuple[Panel, ...]:
    return (
        _stat(
            "Health check",
            "What the health timer of its host found.",
            Unit.COUNT,
            (Query(f"max by (instance) (threader_health_check_status{{{ONE}}})", "{{instance}}"),),
            words=terms.ILL,
        ),
        _stat(
            "Failing checks in a row",
            "Enough of them restart it.",
            Unit.COUNT,
            (Query(f"max by (instance) (threader_health_check_failures{{{ONE}}})", "{{instance}}"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _stat(
            "Last check",
            "How long ago its host looked at it: every minute, unless the settings say otherwise.",
            Unit.SECONDS,
            (Query(f"time() - max by (instance) (threader_health_check_timestamp_seconds{{{ONE}}})", "{{instance}}"),),
        ),
    )


def _work(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    webhook_time = (
        Query(terms.answered_within(0.5, window, "instance", ONE), "{{instance}} half"),
        Query(terms.answered_within(0.99, window, "instance", ONE), "{{instance}} 99 of 100"),
    )
    return (
        _graph(
            "Webhooks by answer",
            "Webhooks a second, by the HTTP code of the answer: 2xx is delivered, 5xx is sent again by Alertmanager.",
            Unit.REQUESTS,
            (Query(terms.webhooks(window, "code", ONE), "{{code}}"),),
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Time to answer",
            "Within this time half of the webhooks, and 99 of 100, are answered.",
            Unit.SECONDS,
            webhook_time,
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Webhooks in hand",
            "Webhooks that are being delivered now.",
            Unit.COUNT,
            (Query(f"max by (instance) (threader_alerts_in_flight{{{ONE}}})", "{{instance}}"),),
        ),
        _graph(
            "Alerts by what was done",
            "Alerts a second: opened a thread, went into one (threaded), or were repeats (duplicate).",
            Unit.PER_SECOND,
            (Query(f"sum by (result) (rate(threader_messages_total{{{ONE}}}[{window}]))", "{{result}}"),),
        ),
        _graph(
            "Errors by kind",
            "Failures a second: slack and store are others', bad_request is the sender's, overload is too much.",
            Unit.PER_SECOND,
            (Query(f"sum by (kind) (rate(threader_errors_total{{{ONE}}}[{window}]))", "{{kind}}"),),
        ),
    )


def _slack(scope: Scope) -> tuple[Panel, ...]:
    window, last = scope.window, f"threader_last_webhook_timestamp_seconds{{{ONE}}} > 0"
    waits = f"threader_slack_rate_limit_waits_total{{{ONE}}}"
    return (
        _graph(
            "Time of calls to Slack",
            "Within this time 99 of 100 calls to Slack are answered.",
            Unit.SECONDS,
            (Query(terms.slack_within(0.99, window, "instance", ONE), "{{instance}}"),),
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Waits for Slack, last hour",
            "How often Slack said that it is too fast.",
            Unit.COUNT,
            (Query(terms.events(waits, "1h", "instance"), "{{instance}}"),),
        ),
        _graph(
            "Alerts left out, last hour",
            "Alerts that Alertmanager left out of webhooks (its max_alerts): their messages are missing.",
            Unit.COUNT,
            (Query(terms.events(f"threader_truncated_alerts_total{{{ONE}}}", "1h", "instance"), "{{instance}}"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _graph(
            "Since the last webhook",
            "Alertmanager sends none while nothing changes.",
            Unit.SECONDS,
            (Query(f"time() - max by (instance) ({last})", "{{instance}}"),),
            nothing="none yet",
        ),
    )


def _process(scope: Scope) -> tuple[Panel, ...]:
    mine = f"{terms.THREADERS},{ONE}"
    cpu = f"sum by (instance) (rate(process_cpu_seconds_total{{{mine}}}[{scope.window}]))"
    files = f"process_open_fds{{{mine}}} / process_max_fds{{{mine}}}"
    return (
        _graph("CPU", "Share of one processor.", Unit.RATIO, (Query(cpu, "{{instance}}"),)),
        _graph(
            "Memory",
            "Memory that the process has in use.",
            Unit.BYTES,
            (Query(f"max by (instance) (process_resident_memory_bytes{{{mine}}})", "{{instance}}"),),
        ),
        _graph(
            "Open files",
            "Share of the open files that it may have.",
            Unit.RATIO,
            (Query(f"max by (instance) ({files})", "{{instance}}"),),
            marks=terms.FULL,
        ),
    )


def _logs(scope: Scope) -> tuple[Panel, ...]:
    if not scope.loki:
        return ()
    return (
        _graph(
            "Log",
            "What it wrote to its journal.",
            Unit.TEXT,
            (Query(f'{{job="alert_threader",{ONE}}}'),),
            view=View.LOGS,
            source=Source.LOKI,
            width=24,
            height=10,
        ),
    )
