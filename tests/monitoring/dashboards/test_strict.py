"""The checker itself: each of these mistakes is one that the SDK lets through."""

import json

import pytest

from monitoring.dashboards import dashboards
from tests.monitoring.dashboards.fleets import fleet
from tests.monitoring.dashboards.strict import fields, problems


@pytest.fixture
def document():
    return json.loads(dashboards(fleet())["fleet-overview.json"])


def the(document, title):
    return next(panel for panel in document["panels"] if panel["title"] == title)


def renamed(thing, old, new):
    thing[new] = thing.pop(old)


MISSPELT = {
    "of the dashboard": lambda board: renamed(board, "refresh", "refesh"),
    "of a panel": lambda board: renamed(the(board, "Up"), "gridPos", "gridpos"),
    "of options": lambda board: renamed(the(board, "Webhooks")["options"], "graphMode", "graphMod"),
    "deep in options": lambda board: renamed(
        the(board, "Webhooks")["options"]["reduceOptions"], "calcs", "calculations"
    ),
    "of a query": lambda board: renamed(the(board, "Webhooks")["targets"][0], "legendFormat", "legend"),
    "of a query of Loki": lambda board: renamed(
        the(board, "Error lines, last hour")["targets"][0], "queryType", "querytype"
    ),
    "of field defaults": lambda board: renamed(the(board, "Webhooks")["fieldConfig"]["defaults"], "noValue", "novalue"),
    "of a graph": lambda board: renamed(
        the(board, "CPU")["fieldConfig"]["defaults"]["custom"], "fillOpacity", "fillopacity"
    ),
    "of a threshold": lambda board: renamed(
        the(board, "CPU")["fieldConfig"]["defaults"]["thresholds"]["steps"][0], "color", "colour"
    ),
    "of a mapping": lambda board: renamed(
        the(board, "Up")["fieldConfig"]["defaults"]["mappings"][0]["options"]["0"], "text", "txt"
    ),
    "of a link": lambda board: renamed(board["links"][0], "keepTime", "keep_time"),
}


@pytest.mark.parametrize("spoil", MISSPELT.values(), ids=MISSPELT)
def test_a_misspelt_field_is_refused(document, spoil):
    assert problems(document) == []
    spoil(document)
    assert any("there is no such field" in line for line in problems(document))


WRONG = {
    "a panel of no kind that there is": lambda board: the(board, "Up").update(type="state_timeline"),
    "a word where a list of words is": lambda board: the(board, "Webhooks")["options"].update(colorMode="values"),
    "a text for a number": lambda board: the(board, "Up")["gridPos"].update(h="7"),
    "true for a number": lambda board: the(board, "Up").update(id=True),
    "a query that is no text": lambda board: the(board, "Up")["targets"][0].update(expr=None),
    "no options": lambda board: the(board, "Up").pop("options"),
    "an unknown mapping": lambda board: the(board, "Up")["fieldConfig"]["defaults"]["mappings"][0].update(type="x"),
    "own fields of another kind": lambda board: the(board, "Webhooks")["fieldConfig"]["defaults"].update(
        custom={"lineWidth": 1}
    ),
    "what the model leaves open": lambda board: board["panels"][0]["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "x"}, "properties": []}
    ),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_a_value_of_another_kind_is_refused(document, spoil):
    spoil(document)
    assert problems(document)


def test_the_fields_of_a_class_are_those_that_it_writes():
    from grafana_foundation_sdk.models.dashboard import GridPos

    known = fields(GridPos)
    assert set(known) == {"h", "w", "x", "y", "static"}
    assert known["h"] == (int, True)
    assert known["static"][1] is False
