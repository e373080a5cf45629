"""Logs: what threaders and the rest of the fleet wrote to their journals. It is there only where Loki is."""

from functools import partial
from typing import Final

from monitoring.dashboards import terms
from monitoring.dashboards.model import Panel, Query, Scope, Source, Unit, View

UID: Final = "logs"
THREADERS: Final = '{job="alert_threader",instance=~"$instance"}'
FLEET: Final = '{job="alert_threader_fleet"}'
_graph = partial(Panel, UID, source=Source.LOKI)
_lines = partial(Panel, UID, unit=Unit.TEXT, source=Source.LOKI, view=View.LOGS, width=24, height=10)


def panels(scope: Scope) -> tuple[Panel, ...]:
    """How many lines, and the lines."""
    if not scope.loki:
        return ()
    errors = THREADERS.replace("}", ',level="error"}')
    return (
        _graph(
            "Lines by level",
            "Lines a second of the threaders that are chosen above.",
            Unit.PER_SECOND,
            (Query(f"sum by (level) (rate({THREADERS}[{scope.window}]))", "{{level}}"),),
        ),
        _graph(
            "Errors a minute",
            "Lines of level error; more than 5 a minute of one instance alert.",
            Unit.COUNT,
            (Query(f"sum(count_over_time({errors}[1m])) or vector(0)", "errors"),),
            marks=terms.NONE_IS_GOOD,
        ),
        _graph(
            "Lines by unit",
            "Lines a second of our other units, the monitoring's own among them.",
            Unit.PER_SECOND,
            (Query(f"sum by (unit) (rate({FLEET}[{scope.window}]))", "{{unit}}"),),
        ),
        _lines(
            title="Threaders",
            description="Newest first, with the text that is searched for above.",
            queries=(Query(f'{THREADERS} |= "$search"'),),
        ),
        _lines(
            title="Other units",
            description="Edge, health checks, monitoring: newest first, with the text that is searched for above.",
            queries=(Query(f'{FLEET} |= "$search"'),),
        ),
    )
