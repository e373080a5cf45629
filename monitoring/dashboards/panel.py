"""One panel in Grafana's own form."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders import common, dashboard, logs, loki, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models import common as shared
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards.layout import Place
from monitoring.dashboards.model import Mark, Panel, Query, Source, View

DRILL: Final = "/d/instance?var-instance=${__field.labels.instance}&${__url_time_range}"
"""From a series of an instance to the dashboard of that instance."""


def panel(wanted: Panel, number: int, place: Place) -> model.Panel:
    """The panel with the id `number` at a place."""
    made = _VIEWS[wanted.view](wanted)
    made = made.id(number).title(wanted.title).description(wanted.description).unit(wanted.unit.value)
    made = made.datasource(reference(wanted.source)).grid_pos(
        model.GridPos(h=place.height, w=place.width, x=place.x, y=place.y)
    )
    made = made.targets([_target(wanted, query, "ABCDEFGH"[at]) for at, query in enumerate(wanted.queries)])
    whole: model.Panel = (made if wanted.view is View.LOGS else _judged(made, wanted)).build()
    return whole


def reference(source: Source) -> model.DataSourceRef:
    """The datasource of a kind: its uid is its type."""
    return model.DataSourceRef(type_val=source.value, uid=source.value)


def _judged(made: Any, wanted: Panel) -> Any:
    """The builder of a panel of values, told what they are and what they mean."""
    made = made.thresholds(_thresholds(wanted.marks)).mappings(_mappings(wanted))
    made = made.no_value(wanted.nothing).color_scheme(_colours(wanted))
    if any("{{instance}}" in query.legend for query in wanted.queries):
        made = made.data_links([dashboard.DashboardLink("This instance").url(DRILL)])
    return made


def _stat(wanted: Panel) -> stat.Panel:
    """Names are shown where there are some, and no line below a word."""
    named = any(query.legend for query in wanted.queries)
    texts = shared.BigValueTextMode.VALUE_AND_NAME if named else shared.BigValueTextMode.VALUE
    if named and wanted.unit.value == "string":
        texts = shared.BigValueTextMode.NAME
    graph = shared.BigValueGraphMode.NONE if wanted.words or named else shared.BigValueGraphMode.AREA
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"])
    return stat.Panel().text_mode(texts).graph_mode(graph).reduce_options(reduce)


def _graph(wanted: Panel) -> timeseries.Panel:
    """Lines; from 0 on, with the thresholds as dashed ones where they judge. Shares end at 100 %."""
    style = shared.GraphThresholdsStyleMode.DASHED if len(wanted.marks) > 1 else shared.GraphThresholdsStyleMode.OFF
    legend = common.VizLegendOptions().show_legend(True).display_mode(shared.LegendDisplayMode.TABLE)
    legend = legend.placement(shared.LegendPlacement.BOTTOM).calcs(["lastNotNull", "max"])
    tooltip = common.VizTooltipOptions().mode(shared.TooltipDisplayMode.MULTI).sort(shared.SortOrder.DESCENDING)
    made = timeseries.Panel().line_width(1).fill_opacity(10).min(0).legend(legend).tooltip(tooltip)
    return made.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))


def _states(_: Panel) -> statetimeline.Panel:
    legend = common.VizLegendOptions().show_legend(True).display_mode(shared.LegendDisplayMode.LIST)
    legend = legend.placement(shared.LegendPlacement.BOTTOM)
    return statetimeline.Panel().show_value(shared.VisibilityMode.NEVER).fill_opacity(80).legend(legend)


def _lines(_: Panel) -> logs.Panel:
    made = logs.Panel().show_time(True).wrap_log_message(True).enable_log_details(True)
    return made.sort_order(shared.LogsSortOrder.DESCENDING).dedup_strategy(shared.LogsDedupStrategy.NONE)


_VIEWS: Final[dict[View, Callable[[Panel], Any]]] = {
    View.STAT: _stat,
    View.GRAPH: _graph,
    View.STATES: _states,
    View.LOGS: _lines,
}


def _target(wanted: Panel, query: Query, name: str) -> prometheus.Dataquery | loki.Dataquery:
    """A number is what it is now; all else is a range of time."""
    if wanted.source is Source.LOKI:
        kind = "instant" if wanted.view is View.STAT else "range"
        return (
            loki.Dataquery().expr(query.expression).legend_format(query.legend).query_type(kind).ref_id(name)
        ).datasource(reference(wanted.source))
    made = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(name).range()
    return made.datasource(reference(wanted.source))


def _thresholds(marks: Sequence[Mark]) -> dashboard.ThresholdsConfig:
    steps = [model.Threshold(value=mark.least, color=mark.colour.value) for mark in marks]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _mappings(wanted: Panel) -> list[model.ValueMapping]:
    """Words for values, and what to say of a value that is no number."""
    words = {
        f"{word.value:g}": model.ValueMappingResult(text=word.text, color=word.colour.value, index=at)
        for at, word in enumerate(wanted.words)
    }
    undefined = model.DashboardSpecialValueMapOptions(
        match=model.SpecialValueMatch.NULL_AND_NAN,
        result=model.ValueMappingResult(text=wanted.nothing, index=len(words)),
    )
    named: list[model.ValueMapping] = [model.ValueMap(options=words)] if words else []
    return [*named, model.SpecialValueMap(options=undefined)]


def _colours(wanted: Panel) -> dashboard.FieldColor:
    """A number has the colour of what it means; lines have one for each series."""
    by_value = wanted.view is not View.GRAPH
    mode = model.FieldColorModeId.THRESHOLDS if by_value else model.FieldColorModeId.PALETTE_CLASSIC
    return dashboard.FieldColor().mode(mode)
