"""The rules about logs, evaluated by a real Loki: what makes them fire, what does not, and how they end."""

import time

import pytest

from tests.monitoring.loki.cases import cases, rules
from tests.monitoring.loki.fleets import FLEET
from tests.monitoring.loki.ruler import posted, rendered
from tests.monitoring.loki.server import Server

pytestmark = pytest.mark.toolchain


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("loki"), FLEET) as made:
        yield made


@pytest.fixture(scope="module")
def alerts(tmp_path_factory):
    return posted(tmp_path_factory.mktemp("ruler"))


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.rule.name}: {case.name}")
def test_a_rule_says_what_it_should_of(server, case):
    assert case.wrong(server) == []


@pytest.mark.parametrize("errors", range(1, 12))
def test_a_minute_with_more_than_five_errors_is_a_spike(server, errors):
    rule, begins = rules()[0], time.time() - 600
    labels = {"job": "alert_threader", "instance": f"n-{errors}", "impl": "go", "host": "app-1", "level": "error"}
    server.push(labels, [begins + number for number in range(errors)])
    found = [value for each, value in server.query(rule.expr, begins + 30) if each["instance"] == f"n-{errors}"]
    assert found == ([float(errors)] if errors > 5 else [])


def test_every_rule_is_posted_to_alertmanager_as_people_are_to_read_it(alerts):
    assert alerts.keys() == {rule.name for rule in rules()}
    assert [alert for found in alerts.values() for alert in found if not rendered(alert)] == []
    spike = alerts["ThreaderLogErrorSpike"][0]
    assert spike["labels"] == {
        "alertname": "ThreaderLogErrorSpike",
        "severity": "warning",
        "instance": "py-a",
        "impl": "python",
        "host": "app-1",
    }
    assert spike["annotations"] == {
        "summary": "Alert threader py-a on app-1 logs many errors",
        "description": "It logged 7 errors within a minute; more than 5 are a spike.",
        "dashboard_url": "/d/logs",
        "runbook_url": "docs/runbooks/ThreaderLogErrorSpike.md",
    }
    assert {each["labels"]["host"] for each in alerts["HostLogsMissing"]} == {"app-1", "app-2"}
