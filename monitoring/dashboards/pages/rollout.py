"""Rollout: which versions run, how switches ended, and the new version against the old one."""

from functools import partial
from typing import Final

from monitoring.dashboards import terms
from monitoring.dashboards.model import NEUTRAL, Colour, Mark, Panel, Query, Scope, Unit, View

UID: Final = "rollout"
VERSION: Final = "on (instance) group_left (version) max by (instance, version) (threader_info)"
"""Gives a series of an instance the version that it runs."""
_stat = partial(Panel, UID, view=View.STAT, width=8, height=4)
_graph = partial(Panel, UID)


def panels(scope: Scope) -> tuple[Panel, ...]:
    """What runs, what was switched, and how the versions compare."""
    return (*_running(), *_switches(), *_versions(scope), *_instances(scope))


def _running() -> tuple[Panel, ...]:
    return (
        _stat(
            "Versions",
            "Instances by the version that they run; more than one while a rollout is at work.",
            Unit.COUNT,
            (Query("count by (version) (max by (instance, version) (threader_info))", "{{version}}"),),
        ),
        _stat(
            "Versions at a time",
            "1 unless a rollout is at work, or was left unfinished.",
            Unit.COUNT,
            (Query("count(count by (version) (threader_info))"),),
            marks=(Mark(None, Colour.GREEN), Mark(2, Colour.YELLOW)),
        ),
        _stat(
            "Went back, last hour",
            "Switches that did not hold, so that the old generation runs again.",
            Unit.COUNT,
            (Query(terms.events('threader_switches_total{verdict!~"confirmed|stopped"}', "1h")),),
            marks=terms.NONE_IS_GOOD,
        ),
    )


def _switches() -> tuple[Panel, ...]:
    return (
        _graph(
            "Switches by verdict, last hour",
            "How switches ended: confirmed stays; failed went back and is rejected; unconfirmed went back by itself.",
            Unit.COUNT,
            (Query(terms.events("threader_switches_total", "1h", "verdict"), "{{verdict}}"),),
            width=12,
        ),
        _graph(
            "Instances by version",
            "How the fleet goes from one version to the next.",
            Unit.COUNT,
            (Query("count by (version) (max by (instance, version) (threader_info))", "{{version}}"),),
            width=12,
        ),
    )


def _versions(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    every = _by_version(f"rate(http_requests_total{{{terms.WEBHOOKS}}}[{window}])", "version")
    bad = _by_version(f'rate(http_requests_total{{{terms.WEBHOOKS},code=~"5.."}}[{window}])', "version")
    buckets = f"rate(http_request_duration_seconds_bucket{{{terms.WEBHOOKS}}}[{window}])"
    p99 = f"histogram_quantile(0.99, {_by_version(buckets, 'version, le')})"
    return (
        _compare("Webhooks by version", "Webhooks a second that each version answers.", Unit.REQUESTS, every),
        _compare(
            "Failed by version",
            "Share answered with a 5xx: a new version (canary) is to be no worse than the old one (baseline).",
            Unit.RATIO,
            f"({bad} or 0 * {every}) / {every}",
            terms.FAILED,
        ),
        _compare("p99 by version", "99 of 100 webhooks are answered within this time.", Unit.SECONDS, p99, terms.SLOW),
    )


def _instances(scope: Scope) -> tuple[Panel, ...]:
    window = scope.window
    named = f"* {VERSION}"
    return (
        _graph(
            "Failed by instance and version",
            "The same for each instance: one that differs from others of its version has a trouble of its own.",
            Unit.RATIO,
            (Query(f"({terms.failed(window, 'instance')}) {named}", "{{instance}} {{version}}"),),
            marks=terms.FAILED,
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "p99 by instance and version",
            "99 of 100 webhooks are answered within this time.",
            Unit.SECONDS,
            (Query(f"{terms.answered_within(0.99, window, 'instance')} {named}", "{{instance}} {{version}}"),),
            marks=terms.SLOW,
            nothing=terms.NO_TRAFFIC,
        ),
        _graph(
            "Servers in rotation by state",
            "Threaders at the edges; DRAIN while a rollout switches them. Second slots are counted while they serve.",
            Unit.COUNT,
            (Query(f"sum by (state) ({terms.SERVERS})", "{{state}}"),),
        ),
    )


def _compare(title: str, description: str, unit: Unit, expression: str, marks: tuple[Mark, ...] = NEUTRAL) -> Panel:
    queries = (Query(expression, "{{version}}"),)
    return _graph(title, description, unit, queries, marks=marks, nothing=terms.NO_TRAFFIC)


def _by_version(rates: str, by: str) -> str:
    return f"sum by ({by}) ({rates} * {VERSION})"
