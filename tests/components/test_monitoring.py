"""Which parts of the monitoring each host of a fleet has, and what of them is secret."""

import json
from dataclasses import replace

import pytest
import yaml

from components.fleet import Fleet
from components.monitoring import kinds, part_inputs, parts
from components.report import monitoring
from deploy.manifest.monitoring.kinds import PARTS
from deploy.provider.server import TYPES
from deploy.provider.values import Secret
from deploy.settings.specs import GrafanaSpec, HostSpec, LokiSpec, MonitoringSpec, TarballSource
from deploy.settings.specs import Secret as Hidden
from tests.components.engine import run, shown
from tests.components.fleets import DIGESTS, instance, spec

FIRST = HostSpec("mon-1", "10.99.0.21", roles=("monitor",))
SECOND = HostSpec("mon-2", "10.99.0.22", roles=("monitor",))
EDGE = HostSpec("app-1", "10.99.0.11", roles=("threader", "edge"))
PLAIN = HostSpec("app-2", "10.99.0.12")
TARBALL = TarballSource("dist/x.tar.gz", "ab" * 32)
WHOLE = MonitoringSpec(loki=LokiSpec(source=TARBALL), grafana=GrafanaSpec(source=TARBALL))
WEBHOOK, PASSWORD = "https://hooks.example/very-secret", "very-secret-password"
SECRETS = {"SLACK_WEBHOOK_URL": Hidden(WEBHOOK), "GRAFANA_ADMIN_PASSWORD": Hidden(PASSWORD)}


def fleet(*hosts, wanted=WHOLE, secrets=SECRETS):
    placed = (instance("py-a", 9009, "app-1"), instance("py-b", 9009, "app-2"))
    return spec(hosts=hosts or (EDGE, PLAIN, FIRST, SECOND), instances=placed, monitoring=wanted, secrets=secrets)


def lost(host):
    return replace(host, lost=True)


def had(made):
    return {host.name: sorted(kinds(made, host)) for host in made.hosts}


ALONE = ["Alertmanager", "BlackboxExporter", "NodeExporter", "Prometheus"]
ANYWHERE = ["LogShipper", "NodeExporter"]


def test_each_host_has_its_parts_and_the_first_monitor_those_of_which_there_is_one():
    assert had(fleet()) == {
        "app-1": [*ANYWHERE, "Watchdog"],
        "app-2": ANYWHERE,
        "mon-1": sorted([*ALONE, "LogShipper", "Loki", "Grafana"]),
        "mon-2": sorted([*ALONE, "LogShipper"]),
    }


def test_without_a_loki_no_log_is_shipped_and_without_a_webhook_there_is_no_second_path():
    made = fleet(wanted=MonitoringSpec(), secrets={})
    assert had(made) == {"app-1": ["NodeExporter"], "app-2": ["NodeExporter"], "mon-1": ALONE, "mon-2": ALONE}


def test_without_a_monitor_there_is_nothing():
    assert had(fleet(EDGE, PLAIN)) == {"app-1": [], "app-2": []}


def test_a_lost_monitor_keeps_what_it_had_and_the_next_one_is_the_first():
    found = had(fleet(EDGE, PLAIN, lost(FIRST), SECOND))
    assert "Loki" in found["mon-1"]
    assert "Loki" in found["mon-2"]
    assert "Loki" not in had(fleet(EDGE, PLAIN, FIRST, lost(SECOND)))["mon-2"]


def test_where_all_monitors_are_lost_the_others_have_nothing_and_those_are_forgotten_in_peace():
    found = had(fleet(EDGE, PLAIN, lost(FIRST), lost(SECOND)))
    assert (found["app-1"], found["app-2"]) == ([], [])
    assert "Prometheus" in found["mon-2"]


def test_of_a_part_on_a_lost_host_nothing_is_said_but_that_it_is_lost():
    made = fleet(EDGE, PLAIN, lost(FIRST), SECOND)
    (found,) = (part_inputs(part, host, made, Hidden) for host, kind, part in parts(made, "dev") if _is(host, kind))
    assert (found["lost"], found["files"], found["units"]) == (True, {}, {})


def _is(host, kind):
    return (host.name, kind) == ("mon-1", "Prometheus")


def made_inputs(host, kind, whole=None):
    whole = whole or fleet()
    return next(
        part_inputs(part, each, whole, Secret)
        for each, name, part in parts(whole, "dev")
        if (each.name, name) == (host, kind)
    )


def test_two_alertmanagers_know_each_other_and_prometheus_knows_both():
    unit = "/etc/systemd/system/alert-threader-alertmanager.service"
    assert "--cluster.peer=10.99.0.22:9094" in made_inputs("mon-1", "Alertmanager")["files"][unit]
    assert "--cluster.peer=10.99.0.21:9094" in made_inputs("mon-2", "Alertmanager")["files"][unit]
    config = made_inputs("mon-2", "Prometheus")["files"]["/etc/alert-threader-prometheus/prometheus.yml"]
    (known,) = yaml.safe_load(config)["alerting"]["alertmanagers"]
    assert known["static_configs"][0]["targets"] == ["10.99.0.21:9093", "10.99.0.22:9093"]


def test_adding_an_instance_changes_what_is_scraped():
    more = replace(fleet(), instances=(*fleet().instances, instance("py-c", 9010, "app-2")))
    path = "/etc/alert-threader-prometheus/prometheus.yml"
    before, after = (made_inputs("mon-1", "Prometheus", each)["files"][path] for each in (fleet(), more))
    assert "10.99.0.12:9010" in after
    assert "10.99.0.12:9010" not in before


def test_instances_listen_where_a_monitor_on_another_host_reaches_them():
    program = run(lambda: Fleet("fleet", fleet(EDGE, FIRST, PLAIN), DIGESTS) and None)
    assert program.inputs("py-a")["env"]["BIND_HOST"] == "0.0.0.0"


@pytest.fixture(scope="module")
def program():
    return run(lambda: Fleet("fleet", fleet(), DIGESTS) and None)


def test_every_type_is_known_to_the_provider_and_waits_for_its_host_alone(program):
    kinds_of = program.types()
    assert {f"threader:index:{kind}" for kind in PARTS} <= TYPES.keys() & {*kinds_of.values()}
    for name, kind in kinds_of.items():
        if kind.removeprefix("threader:index:") in PARTS:
            host = "-".join(name.split("-")[:2])
            assert program.waits_for(name) == {host}
            assert program.inputs(name)["part"] == name.removeprefix(f"{host}-")


def test_no_rollout_waits_for_the_monitoring(program):
    watched = {name for name, kind in program.types().items() if kind.removeprefix("threader:index:") in PARTS}
    assert not program.waits_for_all("rollout") & watched


def test_secrets_are_marked_and_grafanas_password_is_given_to_no_threader(program):
    for name in program.requests:
        assert "very-secret" not in shown(program.inputs(name))
    files = program.inputs("mon-1-grafana")["files"]
    assert files["/etc/alert-threader-grafana/admin_password"] == f"{PASSWORD}\n"
    assert isinstance(files["/etc/alert-threader-grafana/admin_password"], Secret)
    assert "GRAFANA_ADMIN_PASSWORD" not in program.inputs("py-a")["env"]


def test_inputs_are_plain_data():
    made = fleet()
    for host, _, part in parts(made, "dev"):
        found = part_inputs(part, host, made, str)
        assert json.loads(json.dumps(found)) == found


def test_a_stack_says_where_its_monitoring_answers():
    assert monitoring(fleet()) == {
        "hosts": ["mon-1", "mon-2"],
        "prometheus": {"host": "mon-1", "address": "127.0.0.1:9090"},
        "alertmanagers": {"mon-1": "10.99.0.21:9093", "mon-2": "10.99.0.22:9093"},
        "loki": {"host": "mon-1", "address": "10.99.0.21:3100"},
        "grafana": {"host": "mon-1", "address": "127.0.0.1:3000"},
        "every": 15.0,
        "retention_days": 15,
        "objective": 99.9,
        "notes": [],
    }


def test_what_is_not_installed_is_said_to_be_so_with_the_setting_that_would():
    found = monitoring(fleet(wanted=MonitoringSpec()))
    assert (found["loki"], found["grafana"]) == (None, None)
    assert "Grafana: not installed here, set monitoring.grafana.source" in found["notes"]


def test_a_stack_without_a_monitor_says_nothing():
    assert monitoring(fleet(EDGE, PLAIN)) is None
