"""Alerts about the promise of delivery: so many percent of webhooks are in Slack within 60 s.

The measure is at the edge. A threader answers 2xx only when every alert of a webhook is in Slack, and the edge answers
504 after 60 s: so a 2xx is kept, a 5xx is broken, and a 4xx is somebody else's mistake.

Windows, rates and the rest are those of "Alerting on SLOs" in Google's Site Reliability Workbook, chapter 5, table 5-8,
for a budget of 30 days: an alert needs a long window, so that it matters, and a short one, so that it ends soon.
"""

from dataclasses import dataclass
from typing import Final

from deploy.settings.specs import FleetSpec
from monitoring.rules.rule import Group, Recording, Rule, Severity, window


@dataclass(frozen=True, slots=True)
class Burn:
    """The budget burns `rate` times as fast as it may, over a window and over a twelfth of it."""

    rate: float
    long: str
    short: str


FAST: Final = Burn(14.4, "1h", "5m")
"""2 % of the budget in an hour."""
STEADY: Final = Burn(6, "6h", "30m")
"""5 % of the budget in six hours."""
SLOW: Final = Burn(1, "3d", "6h")
"""10 % of the budget in three days."""
FEW: Final = 4
"""Failures that alert nobody, whatever their share: where hardly anything is sent, one would be a large one."""
HIGHEST: Final = 0.9
"""A share of failures that always counts: with a low objective the rates above would ask for more than all."""

_RESPONSES: Final = "haproxy_backend_http_responses_total"
_BAD: Final = f'{_RESPONSES}{{proxy="threaders",code="5xx"}}'
_ALL: Final = f'{_RESPONSES}{{proxy="threaders",code=~"2xx|5xx"}}'


def group(fleet: FleetSpec) -> Group:
    """The alerts about the error budget, and the shares of failures that they look at."""
    short = window(fleet)
    windows = dict.fromkeys((short, *(each for burn in (FAST, STEADY, SLOW) for each in (burn.long, burn.short))))
    if short != FAST.short:
        del windows[FAST.short]
    recorded = tuple(Recording(_ratio(each), _share(each)) for each in windows)
    return Group("delivery", (*recorded, *_alerts(fleet, Burn(FAST.rate, FAST.long, short))))


def _alerts(fleet: FleetSpec, fast: Burn) -> tuple[Rule, ...]:
    promise = f"{fleet.monitoring.objective:g} % of webhooks are to be in Slack within 60 s."
    return (
        Rule(
            name="ThreaderDeliveryBudgetBurn",
            expr=f"({_burning(fast, fleet)} or {_burning(STEADY, fleet)}) and {_some(STEADY.long)}",
            for_=120,
            severity=Severity.CRITICAL,
            summary="Many webhooks are not delivered to Slack in time",
            description=f"{promise} {{{{ $value | humanizePercentage }}}} of the last hour or hours were not: at this "
            "rate the error budget of a month is gone within days.",
            dashboard="delivery",
            direct=True,
        ),
        Rule(
            name="ThreaderDeliveryBudgetBurn",
            expr=f"{_burning(SLOW, fleet)} and {_some(SLOW.long)}",
            for_=900,
            severity=Severity.WARNING,
            summary="Webhooks are not delivered to Slack in time again and again",
            description=f"{promise} {{{{ $value | humanizePercentage }}}} of the last three days were not: at this "
            "rate the error budget of a month does not last.",
            dashboard="delivery",
            direct=True,
        ),
    )


def _burning(burn: Burn, fleet: FleetSpec) -> str:
    limit = min(HIGHEST, burn.rate * (1 - fleet.monitoring.objective / 100))
    return f"({_ratio(burn.long)} > {limit:.6g} and {_ratio(burn.short)} > {limit:.6g})"


def _ratio(span: str) -> str:
    return f"threader:undelivered:ratio_rate{span}"


def _share(span: str) -> str:
    # No webhook, no share: 0 / 0 is NaN, which is not above anything.
    return f"sum(rate({_BAD}[{span}])) / sum(rate({_ALL}[{span}]))"


def _some(span: str) -> str:
    return f"sum(increase({_BAD}[{span}])) > {FEW}"
