"""Expressions that several panels are made of. Ranges are texts like 300s; counters of events begin at 0."""

from typing import Final

from deploy.manifest.paths import SLOT
from monitoring.dashboards.model import Colour, Mark, Word

THREADERS: Final = 'job=~"alert_threader_.+"'
WEBHOOKS: Final = 'path="/alert"'
POSTED: Final = 'result!="duplicate"'
"""What of threader_messages_total is a message in Slack."""
EDGE: Final = 'proxy="threaders"'
_SLOTS: Final = f"[^.]+{SLOT}[.].+"
SERVERS: Final = (
    f'haproxy_server_status{{{EDGE},server!~"{_SLOTS}"}}'
    f' or haproxy_server_status{{{EDGE},server=~"{_SLOTS}",state="UP"}}'
)
"""The servers of edges by state; second slots only while they serve, since else nothing is meant to run there."""

UP: Final = (Word(0, "down", Colour.RED), Word(1, "up", Colour.GREEN))
ILL: Final = (Word(0, "ill", Colour.RED), Word(1, "well", Colour.GREEN))
NONE_IS_GOOD: Final = (Mark(None, Colour.GREEN), Mark(1, Colour.RED))
FAILED: Final = (Mark(None, Colour.GREEN), Mark(0.01, Colour.YELLOW), Mark(0.05, Colour.RED))
SLOW: Final = (Mark(None, Colour.GREEN), Mark(1, Colour.YELLOW), Mark(5, Colour.RED))
FULL: Final = (Mark(None, Colour.GREEN), Mark(0.8, Colour.YELLOW), Mark(0.9, Colour.RED))
NO_TRAFFIC: Final = "no traffic"


def selector(*matchers: str) -> str:
    """Those in braces."""
    return "{" + ",".join(each for each in matchers if each) + "}"


def webhooks(window: str, by: str = "", *matchers: str) -> str:
    """Webhooks a second that threaders answered."""
    return f"sum{_by(by)}(rate(http_requests_total{selector(WEBHOOKS, *matchers)}[{window}]))"


def failed(window: str, by: str = "", *matchers: str) -> str:
    """The share of webhooks that threaders answered with a 5xx."""
    bad, every = webhooks(window, by, 'code=~"5.."', *matchers), webhooks(window, by, *matchers)
    return f"({bad} or 0 * {every}) / {every}"


def answered_within(quantile: float, window: str, by: str = "", *matchers: str) -> str:
    """The time in which this part of webhooks was answered."""
    return _quantile(quantile, f"http_request_duration_seconds_bucket{selector(WEBHOOKS, *matchers)}", window, by)


def slack_within(quantile: float, window: str, by: str = "", *matchers: str) -> str:
    """The time in which this part of calls to Slack was answered."""
    return _quantile(quantile, f"threader_slack_seconds_bucket{selector(*matchers) if matchers else ''}", window, by)


def events(counter: str, window: str, by: str = "") -> str:
    """How many there were, as a whole number."""
    return f"round(sum{_by(by)}(increase({counter}[{window}])))"


def undelivered(window: str) -> str:
    """The share of webhooks at the edge that did not get to Slack within 60 s, which answers it with a 5xx."""
    good, bad = _at_edge("2xx", window), _at_edge("5xx", window)
    return f"{bad} / ({good} + {bad})"


def delivered(window: str) -> str:
    """The delivery SLI: the share of webhooks that did."""
    good, bad = _at_edge("2xx", window), _at_edge("5xx", window)
    return f"{good} / ({good} + {bad})"


def _at_edge(code: str, window: str) -> str:
    return f'sum(rate(haproxy_backend_http_responses_total{{{EDGE},code="{code}"}}[{window}]))'


def _quantile(quantile: float, buckets: str, window: str, by: str) -> str:
    return (
        f"histogram_quantile({quantile:g}, sum by ({', '.join(filter(None, (by, 'le')))}) (rate({buckets}[{window}])))"
    )


def _by(label: str) -> str:
    return f" by ({label}) " if label else ""
