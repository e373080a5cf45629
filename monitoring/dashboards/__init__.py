"""Grafana's dashboards, made from panels as data. Pure."""

from monitoring.dashboards.build import GRAFANA, dashboards
from monitoring.dashboards.catalogue import HOME, PAGES, panels, panels_of
from monitoring.dashboards.model import Panel, Query, Scope, Source, Unit, View, filled

__all__ = [
    "GRAFANA",
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
