"""All dashboards, and all panels as data: the one list for Grafana, the terminal, and tests that ask every query."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from deploy.settings.specs import FleetSpec
from monitoring.dashboards.model import Panel, Scope
from monitoring.dashboards.pages import delivery, instance, logs, overview, rollout, stack


@dataclass(frozen=True, slots=True)
class Page:
    """A dashboard: `since` is how far back it looks at first, `choose` what people can choose above it.

    Of `choose`, "instance" is one of the instances, "instances" any of them, "search" a text.
    """

    uid: str
    title: str
    description: str
    make: Callable[[Scope], tuple[Panel, ...]]
    since: str = "now-6h"
    choose: tuple[str, ...] = ()


PAGES: Final = (
    Page(overview.UID, "Fleet overview", "Whether alerts get to Slack, and how every instance is.", overview.panels),
    Page(
        instance.UID,
        "Instance",
        "One threader: its health, its work, its log.",
        instance.panels,
        "now-3h",
        ("instance",),
    ),
    Page(rollout.UID, "Rollout", "Versions, switches, and the new version against the old.", rollout.panels, "now-3h"),
    Page(delivery.UID, "Delivery", "The promise of 60 s to Slack, and its error budget.", delivery.panels, "now-2d"),
    Page(logs.UID, "Logs", "What the fleet wrote.", logs.panels, "now-1h", ("instances", "search")),
    Page(stack.UID, "Monitoring", "Whether what watches the fleet is well itself.", stack.panels),
)
HOME: Final = overview.UID
"""The dashboard with the essentials."""


def page(uid: str) -> Page:
    """The dashboard with that uid; KeyError if there is none."""
    found = next((each for each in PAGES if each.uid == uid), None)
    if found is None:
        raise KeyError(uid)
    return found


def panels(fleet: FleetSpec) -> tuple[Panel, ...]:
    """Every panel of every dashboard of a fleet, in order."""
    return panels_of(Scope.of(fleet))


def panels_of(scope: Scope, uid: str | None = None) -> tuple[Panel, ...]:
    """The same, of what panels depend on; of one dashboard or of all."""
    return tuple(panel for each in PAGES if uid in (None, each.uid) for panel in each.make(scope))
