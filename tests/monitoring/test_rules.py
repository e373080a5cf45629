"""Every alert fires, stays quiet, ends and says what it should, by the real promtool; see tools/monitoring/cases.py."""

import subprocess
from dataclasses import replace

import pytest
import yaml

from deploy.settings.specs import GrafanaSpec, HealthSpec, PrometheusSpec
from monitoring.dashboards.catalogue import PAGES
from monitoring.rules import alerts, groups, rule_files
from tests.monitoring.fleets import FLEET, with_monitoring
from tools.monitoring.cases import BOUNDARIES, FOLDER, boundaries, written
from tools.monitoring.coverage import holes, row
from tools.monitoring.run import results, subjects

NAMES = list(dict.fromkeys(rule.name for rule in alerts(FLEET)))


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What promtool says of every test file."""
    return results(subjects(FLEET), FLEET, tmp_path_factory.mktemp("rules"))


@pytest.mark.promtool
@pytest.mark.parametrize("subject", subjects(FLEET), ids=lambda subject: subject.alert)
def test_the_alert_does_what_its_tests_say(subject, said):
    complaints = {name: said[name] for name in subject.tests if said[name]}
    assert not complaints, "\n".join(f"{name}: {text}" for name, text in complaints.items())


def test_every_rule_was_seen_to_fire_to_be_quiet_to_resolve_and_at_its_boundary():
    edges = boundaries()
    assert holes(row(rule, written(rule.name).values(), edges) for rule in alerts(FLEET)) == []


def test_no_test_is_about_an_alert_that_does_not_exist():
    assert {path.stem.partition("-")[0] for path in FOLDER.glob("*.yaml") if path.name != BOUNDARIES} == {*NAMES}
    assert all(any(each.about(rule) for rule in alerts(FLEET)) for each in boundaries())


def test_the_tests_of_an_alert_name_the_file_in_which_its_rule_is():
    of_rule = {rule.name: f"{group.name}.yml" for group in groups(FLEET) for rule in group.rules}
    for name in NAMES:
        assert {file for tests in written(name).values() for file in tests["rule_files"]} == {of_rule[name]}


@pytest.mark.promtool
@pytest.mark.parametrize(
    "fleet",
    [
        FLEET,
        with_monitoring(objective=50),
        with_monitoring(objective=99.999),
        with_monitoring(prometheus=PrometheusSpec(every=300)),
        replace(FLEET, health=HealthSpec(every=3600)),
    ],
    ids=["as it is", "low objective", "high objective", "rare scrapes", "rare checks"],
)
def test_the_real_promtool_takes_the_rules_of_any_fleet(fleet, tmp_path):
    for name, text in rule_files(fleet).items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(["promtool", "check", "rules", *tmp_path.iterdir()], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_severity_and_says_where_to_read_on():
    fleet = with_monitoring(
        runbooks="https://git.example.com/runbooks/", grafana=GrafanaSpec(external_url="https://g.example.com")
    )
    for text in rule_files(fleet).values():
        for rule in yaml.safe_load(text)["groups"][0]["rules"]:
            if "alert" in rule:
                assert rule["labels"]["severity"] in ("critical", "warning", "info", "none")
                assert rule["annotations"]["runbook_url"] == f"https://git.example.com/runbooks/{rule['alert']}.md"
                assert rule["annotations"]["dashboard_url"].startswith("https://g.example.com/d/")


def test_every_dashboard_that_an_alert_names_exists():
    assert {rule.dashboard for rule in alerts(FLEET)} <= {page.uid for page in PAGES}


def test_two_rules_of_one_name_differ_in_their_labels():
    found = [(rule.name, tuple(rule.labels.items())) for rule in alerts(FLEET)]
    assert len(found) == len(set(found))


def test_with_a_low_objective_the_burn_of_the_budget_can_still_be_seen():
    text = rule_files(with_monitoring(objective=50))["delivery.yml"]
    assert "ratio_rate1h > 0.9 and" in text
    assert "ratio_rate3d > 0.5 and" in text


def test_ranges_grow_with_the_time_between_scrapes():
    text = "".join(rule_files(with_monitoring(prometheus=PrometheusSpec(every=300))).values())
    assert "[5m]" not in text
    assert "[20m]" in text
