import pytest

from deploy.cli.monitor_ask import Series
from deploy.cli.monitor_text import UNITS, label, name, value
from monitoring.dashboards import Panel, Query, Unit
from monitoring.dashboards.model import Colour, Mark, Word
from monitoring.dashboards.terms import FAILED, UP


def panel(*legends, unit=Unit.COUNT, **more):
    return Panel("x", "X", "X.", unit, tuple(Query("x", legend) for legend in legends), **more)


@pytest.mark.parametrize(
    ("unit", "number", "text"),
    [
        (Unit.COUNT, 3.0, "3"),
        (Unit.COUNT, 3053.0, "3,053"),
        (Unit.COUNT, 14.4, "14.4"),
        (Unit.COUNT, 0.00004, "0"),
        (Unit.REQUESTS, 0.25, "0.25 /s"),
        (Unit.REQUESTS, 512.3456, "512 /s"),
        (Unit.RATIO, 1.0, "100 %"),
        (Unit.RATIO, 0.99937, "99.937 %"),
        (Unit.RATIO, 0.999, "99.9 %"),
        (Unit.RATIO, 0.05, "5 %"),
        (Unit.RATIO, 0.0, "0 %"),
        (Unit.RATIO, -0.4, "-40 %"),
        (Unit.SECONDS, 0.0421, "42.1 ms"),
        (Unit.SECONDS, 1.2345, "1.2 s"),
        (Unit.SECONDS, 7300.0, "2 h"),
        (Unit.BYTES, 54210560.0, "54.2 MB"),
        (Unit.BYTES, 12.0, "12 B"),
    ],
)
def test_a_number_is_told_with_its_unit_and_no_more_digits_than_people_read(unit, number, text):
    assert UNITS[unit](number) == text


def test_every_unit_with_numbers_has_a_form():
    assert {*UNITS, Unit.TEXT} == {*Unit}


def test_words_stand_for_values_in_their_colour():
    shown = value(panel("", words=UP), Series(0, {}, 0.0))
    assert (shown.plain, shown.style) == ("down", "red")


@pytest.mark.parametrize(("number", "colour"), [(0.0, "green"), (0.01, "yellow"), (0.049, "yellow"), (0.05, "red")])
def test_a_number_has_the_colour_of_the_last_mark_that_it_reaches(number, colour):
    assert value(panel("", unit=Unit.RATIO, marks=FAILED), Series(0, {}, number)).style == colour


def test_what_is_no_number_is_told_in_the_words_of_the_panel():
    assert value(panel("", nothing="no traffic"), Series(0, {}, float("nan"))).plain == "no traffic"
    assert value(panel("", nothing="no traffic"), Series(0, {}, float("inf"))).plain == "no traffic"


def test_a_legend_names_series_by_their_labels():
    assert name(panel("a", "{{instance}} {{version}}"), Series(1, {"instance": "py-a"}, 1.0)) == "py-a "
    assert label(panel("{{host}}")) == "host"
    assert label(panel("{{host}}", "{{host}}")) is None
    assert label(panel("{{host}} half")) is None


def test_neither_words_nor_marks_hide_one_another():
    both = panel("", words=(Word(1, "one", Colour.BLUE),), marks=(Mark(None, Colour.RED),))
    assert [value(both, Series(0, {}, number)).plain for number in (1.0, 2.0)] == ["one", "2"]
