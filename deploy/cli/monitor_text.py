"""What panels and alerts say, as texts for people. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from deploy.cli import times
from deploy.cli.console import Text, printable
from deploy.cli.monitor_ask import Reading, Series, defined
from monitoring.dashboards import Panel, Unit
from monitoring.dashboards.model import Colour

STYLES: Final = {Colour.GREEN: "green", Colour.YELLOW: "yellow", Colour.RED: "red", Colour.BLUE: ""}
LABEL: Final = re.compile(r"\{\{(\w+)\}\}")


def name(panel: Panel, series: Series) -> str:
    """What a series is called: its legend, with the values of labels."""
    return LABEL.sub(lambda found: series.labels.get(found[1], ""), panel.queries[series.query].legend)


def label(panel: Panel) -> str | None:
    """The label that alone tells the series of a panel apart; None where more, or less, does."""
    found = [LABEL.fullmatch(query.legend) for query in panel.queries]
    return found[0][1] if len(found) == 1 and found[0] else None


def value(panel: Panel, series: Series) -> Text:
    """The value as people read it, in the colour of what it means; where the text is in the labels, that."""
    number = defined(series.value)
    if panel.unit is Unit.TEXT:
        return Text(printable(name(panel, series)))
    if number is None:
        return Text(panel.nothing)
    for word in panel.words:
        if word.value == number:
            return Text(word.text, style=STYLES[word.colour])
    passed = [mark for mark in panel.marks if mark.least is None or mark.least <= number]
    return Text(UNITS[panel.unit](number), style=STYLES[passed[-1].colour])


def nothing(reading: Reading) -> Text:
    """What is said of a panel without any series."""
    if reading.why is None:
        return Text(reading.panel.nothing)
    return Text(printable(f"no answer: {reading.why}"), style="red")


def _plain(number: float) -> str:
    """Three digits that count; all of a whole number."""
    if number == int(number):
        return f"{number:,.0f}"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _ratio(number: float) -> str:
    """Percent: more digits close to 100, where they matter."""
    digits = 3 if 0.99 < number < 1 else 2 if abs(number) < 0.1 else 1
    return f"{number * 100:.{digits}f}".rstrip("0").rstrip(".") + " %"


def _seconds(number: float) -> str:
    if abs(number) < 1:
        return f"{_plain(round(number * 1000, 1))} ms"
    return f"{_plain(round(number, 1))} s" if number < 120 else times.span(number)


def _bytes(number: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(number) >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f} B"


def _rate(number: float) -> str:
    return f"{_plain(round(number, 3))} /s"


UNITS: Final[Mapping[Unit, Callable[[float], str]]] = {
    Unit.COUNT: lambda number: _plain(round(number, 3)),
    Unit.REQUESTS: _rate,
    Unit.PER_SECOND: _rate,
    Unit.RATIO: _ratio,
    Unit.SECONDS: _seconds,
    Unit.BYTES: _bytes,
}
