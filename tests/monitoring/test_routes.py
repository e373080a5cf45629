"""Who is told of what: the real amtool, for every combination of the labels that alerts have."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import pytest
import yaml

from deploy.settings.specs import EdgeSpec
from monitoring import loki
from monitoring.alertmanager import WEBHOOK_FILE, configuration
from monitoring.routes import NOBODY, PAST_THEM, THREADERS
from monitoring.rules import alerts
from monitoring.rules.rule import Severity
from tests.monitoring.fleets import FLEET, without_direct

OF_LOKI = [rule.name for group in loki.groups(FLEET) for rule in group.rules]
ELSEWHERE = (*OF_LOKI, "ThreaderHealthCheckFailing", "SomebodyElses")
"""Alerts of Loki, of health checks, and of others."""
NAMES = [*dict.fromkeys(rule.name for rule in alerts(FLEET)), *ELSEWHERE]
FLEETS = {"with the way past the threaders": FLEET, "without": without_direct()}


def read(fleet=FLEET):
    return yaml.safe_load(configuration(fleet))


def expected(name, path, fleet):
    if name == "Watchdog":
        return NOBODY
    return PAST_THEM if path == "direct" and fleet is FLEET else THREADERS


@pytest.mark.promtool
@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS)
def test_the_real_amtool_takes_the_configuration(fleet, tmp_path):
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration(fleet))
    done = subprocess.run(["amtool", "check-config", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.promtool
@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS)
def test_every_combination_of_labels_has_the_receiver_that_is_meant(fleet, tmp_path):
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration(fleet))

    def routed(case):
        name, severity, way = case
        labels = [f"alertname={name}", f"severity={severity}", *([f"path={way}"] if way else []), "host=app-1"]
        words = ["amtool", "config", "routes", "test", f"--config.file={path}", *labels]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    cases = list(product(NAMES, Severity, (None, "direct")))
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(cases, pool.map(routed, cases), strict=True))
    assert {case: told for case, told in found.items() if told != expected(case[0], case[2], fleet)} == {}


@pytest.mark.parametrize("rule", alerts(FLEET), ids=lambda rule: f"{rule.name}-{'-'.join(rule.labels.values())}")
def test_only_alerts_about_the_way_over_the_threaders_go_past_them(rule):
    about_it = rule.name.startswith(("ThreadersUnavailable", "ThreaderSlack", "ThreaderStore", "ThreaderDelivery"))
    assert rule.direct == (about_it or 'integration="webhook"' in rule.expr)


def test_the_threaders_are_told_through_every_edge_and_of_all_alerts():
    hooks = {each["name"]: each for each in read()["receivers"]}[THREADERS]["webhook_configs"]
    assert [hook["url"] for hook in hooks] == ["http://10.0.0.1:9080/alert", "http://10.0.0.2:9080/alert"]
    assert all(hook["send_resolved"] and hook["max_alerts"] == 0 for hook in hooks)


def test_an_edge_is_told_where_it_listens():
    fleet = replace(FLEET, edge=EdgeSpec(bind="10.0.5.5", port=8000))
    assert "http://10.0.5.5:8000/alert" in configuration(fleet)


def test_the_way_past_the_threaders_needs_its_secret_which_is_not_in_the_file():
    assert WEBHOOK_FILE in configuration(FLEET)
    assert "hooks.slack.com" not in configuration(FLEET)
    assert PAST_THEM not in [each["name"] for each in read(without_direct())["receivers"]]


@pytest.mark.promtool
@pytest.mark.parametrize(
    ("severity", "channel"),
    [
        ("critical", "#alerts-critical"),
        ("warning", "#alerts-warning"),
        ("info", "#alerts-info"),
        ("page", "#alerts-warning"),
    ],
)
def test_the_severity_chooses_the_channel_as_with_the_threaders(severity, channel):
    template = {each["name"]: each for each in read()["receivers"]}[PAST_THEM]["slack_configs"][0]["channel"]
    assert rendered(template, severity) == channel


def test_a_channel_of_the_fleet_wins():
    fleet = replace(FLEET, env={"SLACK_CHANNEL": "#all"})
    receivers = {each["name"]: each for each in read(fleet)["receivers"]}
    assert receivers[PAST_THEM]["slack_configs"][0]["channel"] == "#all"


def test_no_inhibition_silences_what_it_comes_from():
    for each in read()["inhibit_rules"]:
        source, targets = each["source_matchers"], each["target_matchers"]
        assert not set(source) & set(targets)


def test_alerts_that_explain_others_silence_them_on_the_same_host_or_everywhere():
    found = [(each["source_matchers"], each["target_matchers"], each.get("equal")) for each in read()["inhibit_rules"]]
    assert (['alertname="HostDown"'], ['alertname!="HostDown"'], ["host"]) in found
    assert (['alertname="ThreadersUnavailable"'], ['alertname=~"ThreaderInstanceDown|EdgeDown"'], None) in found
    assert (['severity="critical"'], ['severity="warning"'], ["alertname", "instance"]) in found


def test_what_inhibitions_name_exists():
    text = yaml.safe_dump(read()["inhibit_rules"])
    quoted = [word for part in text.split('"')[1::2] for word in part.split("|")]
    assert {word for word in quoted if word[0].isupper()} <= {*NAMES}


def rendered(template, severity):
    """A template of Alertmanager, by amtool."""
    data = f'{{"commonLabels": {{"severity": "{severity}"}}, "alerts": [], "groupLabels": {{}}}}'
    words = ["amtool", "template", "render", "--template.glob=/dev/null", f"--template.text={template}"]
    return subprocess.run(
        [*words, "--template.data=/dev/stdin"], input=data, capture_output=True, text=True
    ).stdout.strip()
