"""Grafana's dashboards, made from panels as data. Pure."""

from deploy.settings.specs import FleetSpec
from monitoring.dashboards.catalogue import HOME, PAGES, panels, panels_of
from monitoring.dashboards.model import Panel, Query, Scope, Source, Unit, View, filled

__all__ = [
    "HOME",
    "PAGES",
    "Panel",
    "Query",
    "Scope",
    "Source",
    "Unit",
    "View",
    "dashboards",
    "filled",
    "panels",
    "panels_of",
]


def dashboards(fleet: FleetSpec) -> dict[str, str]:
    """The JSON of each dashboard by its file name; one without panels (logs without Loki) is left out."""
    # The command line reads panels and writes no dashboards: it starts without the SDK, which takes its time.
    from monitoring.dashboards.build import texts

    return texts(fleet)
