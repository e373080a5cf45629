"""Dashboards in Grafana's own form, made with its foundation SDK.

The Grafana that is meant is the one for which the SDK was made: the version in requirements.txt is the one place that
says it. The SDK does not validate, so tests hold its output against its model classes. No Grafana could be had to load
the result, so how it looks there was not seen.
"""

import json
from importlib.metadata import version
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, QueryVariable, TextBoxVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from deploy.settings.specs import FleetSpec
from monitoring.dashboards.catalogue import PAGES, Page
from monitoring.dashboards.layout import places
from monitoring.dashboards.model import Panel, Scope, Source
from monitoring.dashboards.panel import panel, reference
from monitoring.dashboards.terms import THREADERS

GRAFANA: Final = version("grafana-foundation-sdk").rpartition("!")[2]
"""The version of Grafana that is meant."""
TAG: Final = "alert-threader"
"""What all our dashboards are marked with: each has links to the others by it."""


def texts(fleet: FleetSpec) -> dict[str, str]:
    """The JSON of each dashboard that has panels, by its file name."""
    scope = Scope.of(fleet)
    made = {each.uid: (each, each.make(scope)) for each in PAGES}
    return {f"{uid}.json": _text(page, panels) for uid, (page, panels) in made.items() if panels}


def _text(page: Page, panels: tuple[Panel, ...]) -> str:
    return json.dumps(_dashboard(page, panels), cls=JSONEncoder, indent=2) + "\n"


def _dashboard(page: Page, panels: tuple[Panel, ...]) -> model.Dashboard:
    made = Dashboard(page.title).uid(page.uid).description(page.description).tags([TAG]).readonly()
    made = made.timezone("browser").refresh("30s").time(page.since, "now")
    made = made.tooltip(model.DashboardCursorSync.CROSSHAIR).link(_others())
    for name in page.choose:
        made = made.with_variable(_CHOICES[name])
    whole = made.build()
    whole.panels = [
        panel(each, number, place)
        for number, (each, place) in enumerate(
            zip(panels, places((each.width, each.height) for each in panels), strict=True), 1
        )
    ]
    return whole


def _others() -> DashboardLink:
    link = DashboardLink("Dashboards").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.keep_time(True).tooltip("The other dashboards of the fleet")


def _instance(several: bool) -> QueryVariable:
    made = QueryVariable("instance").label("Instance").datasource(reference(Source.PROMETHEUS))
    made = made.query(f"label_values(up{{{THREADERS}}}, instance)").sort(model.VariableSort.ALPHABETICAL_ASC)
    made = made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    if not several:
        return made
    every = model.VariableOption(selected=True, text="All", value="$__all")
    return made.multi(True).include_all(True).all_value(".+").current(every)


_CHOICES: Final[dict[str, Builder[model.VariableModel]]] = {
    "instance": _instance(several=False),
    "instances": _instance(several=True),
    "search": TextBoxVariable("search").label("Text in lines").default_value(""),
}
