"""Prometheus's configuration: who is asked, where, and with which labels."""

import subprocess
from dataclasses import replace

import pytest
import yaml

from deploy.settings.specs import EdgeSpec, HostSpec, Impl, LokiSpec, PrometheusSpec, RolloutSpec, Strategy
from monitoring.prometheus import RULES, configuration
from monitoring.rules import rule_files
from tests.monitoring.fleets import FLEET, with_instance, with_monitoring

FIRST, SECOND = FLEET.monitors


def read(fleet=FLEET, host=FIRST):
    return yaml.safe_load(configuration(fleet, host))


def targets(job, fleet=FLEET, host=FIRST):
    """Place and labels of each target of a job."""
    found = {each["job_name"]: each for each in read(fleet, host)["scrape_configs"]}
    return [(*each["targets"], each["labels"]) for each in found[job]["static_configs"]] if job in found else []


@pytest.mark.promtool
@pytest.mark.parametrize("host", FLEET.monitors, ids=lambda host: host.name)
def test_the_real_promtool_takes_the_configuration_with_its_rules(tmp_path, host):
    for name, text in rule_files(FLEET).items():
        (tmp_path / name).write_text(text)
    path = tmp_path / "prometheus.yaml"
    path.write_text(configuration(FLEET, host).replace(RULES, f"{tmp_path}/*.yml"))
    done = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rule_files(FLEET))} rule files found" in done.stdout


def test_an_instance_is_asked_on_loopback_only_from_its_own_host():
    labels = {"instance": "py-a", "host": "app-1", "impl": "python"}
    assert targets("alert_threader_python") == [("127.0.0.1:9009", labels)]
    assert targets("alert_threader_python", host=SECOND) == [("10.0.0.1:9009", labels)]


def test_an_instance_that_listens_at_an_address_of_its_own_is_asked_there():
    fleet = with_instance("py-b", Impl.PYTHON, 9020, "app-1", BIND_HOST="10.0.7.1")
    assert targets("alert_threader_python", fleet)[-1][0] == "10.0.7.1:9020"


def test_a_new_instance_is_a_new_target_of_its_job_and_of_the_prober():
    fleet = with_instance("go-b", Impl.GO, 9021, "app-2")
    labels = {"instance": "go-b", "host": "app-2", "impl": "go"}
    assert targets("alert_threader_go", fleet)[1:] == [("10.0.0.2:9021", labels)]
    assert ("http://10.0.0.2:9021/health", {**labels, "probe": "health"}) in targets("blackbox", fleet)


@pytest.mark.parametrize("strategy", [Strategy.CANARY, Strategy.BLUE_GREEN])
def test_second_slots_are_asked_in_a_job_of_their_own_by_the_names_that_gates_have(strategy):
    fleet = replace(FLEET, rollout=RolloutSpec(strategy=strategy, slot_offset=1000))
    assert targets("second_slots", fleet) == [
        ("127.0.0.1:10009", {"instance": "py-a--prev", "host": "app-1", "impl": "python"}),
        ("10.0.0.2:10010", {"instance": "node-a--prev", "host": "app-2", "impl": "node"}),
        ("10.0.0.3:10011", {"instance": "go-a--prev", "host": "app-3", "impl": "go"}),
    ]
    assert targets("alert_threader_python", fleet) == targets("alert_threader_python")


def test_where_no_second_slots_are_used_none_is_asked_but_where_only_one_deploy_uses_none_they_are():
    assert targets("second_slots") == []
    once = RolloutSpec(strategy=Strategy.ROLLING, standing=Strategy.CANARY)
    assert len(targets("second_slots", replace(FLEET, rollout=once))) == 3


def test_a_job_without_targets_is_left_out():
    fleet = replace(FLEET, instances=FLEET.instances[:1])
    assert "alert_threader_go" not in [job["job_name"] for job in read(fleet)["scrape_configs"]]


def test_lost_hosts_are_not_asked_for_anything():
    assert "10.0.0.9" not in configuration(FLEET, FIRST)
    assert "gone" not in configuration(FLEET, FIRST)


def test_every_host_that_is_not_lost_has_a_node_exporter_whose_text_files_keep_their_labels():
    hosts = ["app-1", "app-2", "app-3"]
    assert [labels for _, labels in targets("node")] == [{"instance": name, "host": name} for name in hosts]
    assert [job["job_name"] for job in read()["scrape_configs"] if job.get("honor_labels")] == ["node"]


def test_edges_are_asked_where_they_listen():
    assert [place for place, _ in targets("edge")] == ["127.0.0.1:9081", "10.0.0.2:9081"]
    bound = replace(FLEET, edge=EdgeSpec(bind="10.0.5.5", metrics_port=9999))
    assert {place for place, _ in targets("edge", bound)} == {"10.0.5.5:9999"}


def test_each_monitor_asks_its_own_prometheus_and_prober_but_all_alertmanagers():
    for job, port in (("prometheus", 9090), ("blackbox_exporter", 9115)):
        assert targets(job, host=SECOND) == [(f"127.0.0.1:{port}", {"instance": "app-2", "host": "app-2"})]
    assert [place for place, _ in targets("alertmanager")] == ["10.0.0.1:9093", "10.0.0.2:9093"]


def test_loki_is_asked_on_the_first_monitor_where_there_is_one():
    assert targets("loki", host=SECOND) == [("10.0.0.1:3100", {"instance": "app-1", "host": "app-1"})]
    assert targets("loki", with_monitoring(loki=LokiSpec())) == []


def test_alerts_go_to_all_alertmanagers_without_the_name_of_the_replica():
    alerting = read()["alerting"]
    assert alerting["alertmanagers"] == [{"static_configs": [{"targets": ["10.0.0.1:9093", "10.0.0.2:9093"]}]}]
    assert alerting["alert_relabel_configs"] == [{"action": "labeldrop", "regex": "replica"}]


def test_two_monitors_differ_in_their_replica_and_in_nothing_else_that_alerts_have():
    one, other = (read(host=host) for host in FLEET.monitors)
    assert one["global"].pop("external_labels") == {"replica": "app-1"}
    assert other["global"].pop("external_labels") == {"replica": "app-2"}
    assert one["global"] == other["global"]
    shared = ("alert_threader_python", "alert_threader_node", "alert_threader_go", "node", "edge", "alertmanager")
    for job in shared:
        assert [labels for _, labels in targets(job)] == [labels for _, labels in targets(job, host=SECOND)]


@pytest.mark.parametrize(
    ("every", "scrape", "patience", "rules"),
    [(15, "15s", "10s", "15s"), (1, "1s", "1s", "1s"), (0.5, "500ms", "500ms", "500ms"), (300, "5m", "10s", "1m")],
)
def test_no_target_has_longer_to_answer_than_it_is_asked_again(every, scrape, patience, rules):
    found = read(with_monitoring(prometheus=PrometheusSpec(every=every)))["global"]
    assert (found["scrape_interval"], found["scrape_timeout"]) == (scrape, patience)
    assert found["evaluation_interval"] == rules


def test_an_address_of_ip_version_6_is_in_brackets():
    hosts = (replace(FIRST, address="fd00::1"), *FLEET.hosts[1:], HostSpec("app-4", "fd00::4"))
    places = [place for place, _ in targets("node", replace(FLEET, hosts=hosts))]
    assert (places[0], places[-1]) == ("[fd00::1]:9100", "[fd00::4]:9100")
