import json
import re
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards import PAGES, dashboards, panels
from monitoring.dashboards.build import GRAFANA
from monitoring.dashboards.layout import places
from tests.monitoring.dashboards.fleets import EVERY_KIND, fleet
from tests.monitoring.dashboards.strict import problems

UIDS = ["fleet-overview", "instance", "rollout", "delivery", "logs", "monitoring"]


def documents():
    """Every dashboard of every kind of fleet."""
    for number, each in enumerate(EVERY_KIND):
        for name, text in dashboards(each).items():
            yield pytest.param(json.loads(text), id=f"{number}-{name}")


EVERY = pytest.mark.parametrize("document", [*documents()])


def test_there_are_six_and_without_loki_the_logs_are_left_out():
    assert list(dashboards(fleet())) == [f"{uid}.json" for uid in UIDS]
    assert list(dashboards(fleet(loki=False))) == [f"{uid}.json" for uid in UIDS if uid != "logs"]
    assert [page.uid for page in PAGES] == UIDS


def test_the_same_fleet_gives_the_same_text():
    assert dashboards(fleet()) == dashboards(fleet())


def test_the_grafana_that_is_meant_is_the_one_of_the_sdk():
    pins = Path(__file__).parents[3].joinpath("requirements.txt").read_text()
    assert f"!{GRAFANA}\n" in next(line + "\n" for line in pins.splitlines() if line.startswith("grafana-foundation"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", GRAFANA)


@EVERY
def test_every_field_is_one_that_grafana_has(document):
    assert problems(document) == []


@EVERY
def test_nothing_is_lost_when_the_sdk_reads_what_it_wrote(document):
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))
    assert _without_none(again) == _without_none(document)


@EVERY
def test_panels_have_ids_of_their_own_and_do_not_overlap(document):
    ids = [panel["id"] for panel in document["panels"]]
    assert len(ids) == len({*ids}) > 0
    taken = set()
    for panel in document["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0 and at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@EVERY
def test_every_panel_says_what_it_shows(document):
    assert document["description"] and document["title"]
    for panel in document["panels"]:
        assert panel["title"] and panel["description"].endswith(".")
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"]
        if panel["type"] != "logs":
            assert defaults["thresholds"]["steps"][0]["value"] is None
            steps = [step["value"] for step in defaults["thresholds"]["steps"][1:]]
            assert steps == sorted(steps)


@EVERY
def test_several_series_have_names(document):
    for panel in document["panels"]:
        names = [target["legendFormat"] for target in panel["targets"]]
        if panel["type"] in ("timeseries", "state-timeline") or len(names) > 1:
            assert all(names) and len(names) == len({*names}), panel["title"]


@EVERY
def test_no_two_panels_have_the_same_title(document):
    titles = [panel["title"] for panel in document["panels"]]
    assert len(titles) == len({*titles})


@EVERY
def test_variables_in_queries_are_those_that_can_be_chosen(document):
    chosen = {each["name"] for each in document["templating"].get("list", [])}
    asked = {
        name
        for panel in document["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\$(\w+)", target["expr"])
    }
    assert asked == chosen


@EVERY
def test_panels_and_queries_ask_a_datasource_that_is_provisioned(document):
    for panel in document["panels"]:
        for each in (panel, *panel["targets"]):
            assert each["datasource"] in [{"type": uid, "uid": uid} for uid in ("prometheus", "loki")]


def test_without_loki_nobody_asks_it():
    assert "loki" not in "".join(dashboards(fleet(loki=False)).values()).lower()


def test_what_is_shown_is_what_the_list_of_panels_has():
    shown = [
        (document["uid"], panel["title"], *(target["expr"] for target in panel["targets"]))
        for document in map(json.loads, dashboards(fleet()).values())
        for panel in document["panels"]
    ]
    assert shown == [(panel.dashboard, panel.title, *panel.expressions) for panel in panels(fleet())]


def test_a_panel_that_does_not_fit_begins_a_row_below_the_highest():
    assert places([(12, 4), (12, 6), (8, 2)]) == ((0, 0, 12, 4), (12, 0, 12, 6), (0, 6, 8, 2))


def _without_none(value):
    """The SDK writes some fields as null that it did not have."""
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value
