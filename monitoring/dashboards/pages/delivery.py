"""Delivery: the promise that webhooks get to Slack within 60 s, and how much of its error budget is left."""

from functools import partial
from typing import Final

from monitoring.dashboards import terms
from monitoring.dashboards.model import Colour, Mark, Panel, Query, Scope, Unit, View
from monitoring.rules.delivery import FAST, SLOW, STEADY

UID: Final = "delivery"
_stat = partial(Panel, UID, view=View.STAT, width=6, height=4)
_graph = partial(Panel, UID)


def panels(scope: Scope) -> tuple[Panel, ...]:
    """The promise, how fast its budget burns, and where it burns."""
    return (*_promise(scope), *_burning(scope), *_edge(scope), *_slack(scope))


def _promise(scope: Scope) -> tuple[Panel, ...]:
    days = scope.budget_days
    kept = (Mark(None, Colour.RED), Mark(scope.target, Colour.GREEN))
    left = f"1 - ({terms.undelivered(f'{days}d')}) / (1 - {scope.target})"
    return (
        _stat(
            "Promised",
            "Share of webhooks that is to get to Slack within 60 s (monitoring.objective).",
            Unit.RATIO,
            (Query(f"vector({scope.target})"),),
        ),
        _stat(
            "Delivered, last hour",
            "Share of webhooks at the edge that got to Slack within 60 s: answered with a 2xx, and not with a 5xx.",
            Unit.RATIO,
            (Query(terms.delivered("1h")),),
            marks=kept,
            nothing=terms.NO_TRAFFIC,
        ),
        _stat(
            f"Delivered, {days} days",
            f"The same over {days} days, or since the metrics begin.",
            Unit.RATIO,
            (Query(terms.delivered(f"{days}d")),),
            marks=kept,
            nothing=terms.NO_TRAFFIC,
        ),
        _stat(
            f"Budget left, {days} days",
            "Share of the failures that the promise allows; below 0 it is broken.",
            Unit.RATIO,
            (Query(left),),
            marks=(Mark(None, Colour.RED), Mark(0, Colour.YELLOW), Mark(0.25, Colour.GREEN)),
            nothing=terms.NO_TRAFFIC,
        ),
    )


def _burning(scope: Scope) -> tuple[Panel, ...]:
    burn = [
        Query(f"({terms.undelivered(window)}) / (1 - {scope.target})", f"over {window}")
        for window in (scope.window, FAST.long, STEADY.long, SLOW.long)
    ]
    return (
        _graph(
            "Burn rate",
            f"1 uses up the budget just in time; above {FAST.rate:g} over {FAST.long}, or {STEADY.rate:g} over "
            f"{STEADY.long}, people are called.",
            Unit.COUNT,
            tuple(burn),
            marks=(Mark(None, Colour.GREEN), Mark(STEADY.rate, Colour.YELLOW), Mark(FAST.rate, Colour.RED)),
            nothing=terms.NO_TRAFFIC,
            width=12,
        ),
        _graph(
            "Delivered",
            "Share of webhooks that got to Slack within 60 s, over an hour.",
            Unit.RATIO,
            (Query(terms.delivered("1h"), "delivered"), Query(f"vector({scope.target})", "promised")),
            nothing=terms.NO_TRAFFIC,
            width=12,
        ),
    )


def _edge(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    retries = f"sum by (host) (increase(haproxy_backend_retry_warnings_total{{{terms.EDGE}}}[1h]))"
    return (
        _graph(
            "Answers at the edge",
            "Webhooks a second by answer: 2xx is delivered, 4xx is the sender's mistake, 5xx is sent again.",
            Unit.REQUESTS,
            (
                Query(
                    f"sum by (code) (rate(haproxy_backend_http_responses_total{{{terms.EDGE}}}[{window}]))", "{{code}}"
                ),
            ),
        ),
        _graph(
            "Time at the edge",
            "Mean time of the last 1,024 webhooks, from the first byte to the last; it answers 504 after 60 s.",
            Unit.SECONDS,
            (Query(f"max by (host) (haproxy_backend_total_time_average_seconds{{{terms.EDGE}}})", "{{host}}"),),
        ),
        _graph(
            "Retries at the edge, last hour",
            "Webhooks that were given to another threader, because a connection failed.",
            Unit.COUNT,
            (Query(f"round({retries})", "{{host}}"),),
        ),
    )


def _slack(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    return (
        _graph(
            "Errors by kind",
            "Failures a second of all threaders: slack and store are those of others, overload is too much.",
            Unit.PER_SECOND,
            (Query(f"sum by (kind) (rate(threader_errors_total[{window}]))", "{{kind}}"),),
        ),
        _graph(
            "Time of calls to Slack",
            "Within this time 99 of 100 calls to Slack are answered.",
            Unit.SECONDS,
            (Query(terms.slack_within(0.99, window, "instance"), "{{instance}}"),),
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Messages to Slack, last hour",
            "By what was posted: a new thread (opened), or an answer in one (threaded).",
            Unit.COUNT,
            (Query(terms.events(f"threader_messages_total{{{terms.POSTED}}}", "1h", "result"), "{{result}}"),),
        ),
    )
