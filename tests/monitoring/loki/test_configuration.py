"""Loki's configuration: what follows from the settings, and that the real Loki takes it."""

import subprocess
import time

import pytest
import yaml

from deploy.settings.specs import (
    AlertmanagerSpec,
    GrafanaSpec,
    HostSpec,
    LokiSpec,
    NoSource,
    PrometheusSpec,
    TarballSource,
)
from monitoring import loki
from tests.monitoring.logs.fleets import HOST, OTHER, fleet
from tests.monitoring.loki.server import Server
from tools.loki.build import program

SOURCE = TarballSource("loki.tar.gz", "0" * 64)


def made(host=HOST, **more):
    return yaml.safe_load(loki.configuration(fleet(**more), host))


def test_it_listens_on_the_address_of_its_host_and_what_is_its_own_on_loopback():
    server = made(loki=LokiSpec(port=3101, source=SOURCE))["server"]
    assert (server["http_listen_address"], server["http_listen_port"]) == ("10.0.0.1", 3101)
    assert server["grpc_listen_address"] == "127.0.0.1"


def test_on_a_host_with_a_name_it_listens_everywhere():
    host = HostSpec("app-1", "app-1.example.com", roles=("monitor",))
    assert made(host, hosts=(host,))["server"]["http_listen_address"] == "0.0.0.0"


def test_lines_are_kept_and_taken_for_as_many_days_as_the_settings_say():
    text = made(loki=LokiSpec(retention_days=30, source=SOURCE))
    assert text["limits_config"]["retention_period"] == "720h"
    assert text["limits_config"]["reject_old_samples_max_age"] == "720h"
    assert text["compactor"]["retention_enabled"]


def test_all_monitors_are_told():
    text = made(hosts=(HOST, OTHER), alertmanager=AlertmanagerSpec(port=9193))
    assert text["ruler"]["alertmanager_url"] == "http://10.0.0.1:9193,http://10.0.0.2:9193"


def test_rules_are_looked_at_as_often_as_those_of_prometheus():
    assert made(prometheus=PrometheusSpec(every=30))["ruler"]["evaluation_interval"] == "30s"


def test_alerts_lead_to_grafana_where_people_know_its_address():
    assert "external_url" not in made()["ruler"]
    ruler = made(grafana=GrafanaSpec(external_url="https://grafana.example.com", source=SOURCE))["ruler"]
    assert (ruler["external_url"], ruler["datasource_uid"]) == ("https://grafana.example.com", "loki")


def test_nobody_is_told_that_it_runs():
    assert made()["analytics"] == {"reporting_enabled": False}


def test_all_that_it_writes_lies_in_its_folder():
    text = loki.configuration(fleet(), HOST)
    paths = [word for word in text.split() if word.startswith("/")]
    assert [path for path in paths if not path.startswith((loki.DATA, loki.RULES))] == []


def test_a_fleet_without_a_monitor_or_a_source_has_none():
    assert loki.installed(fleet())
    assert not loki.installed(fleet(loki=LokiSpec(source=NoSource())))
    assert not loki.installed(fleet(hosts=(HostSpec("app-1", "10.0.0.1"),)))


def test_a_host_that_is_lost_is_not_missed():
    text = loki.rule_files(fleet(hosts=(HOST, HostSpec("app-2", "10.0.0.2", lost=True))))["logs.yml"]
    assert 'host="app-1"' in text
    assert 'host="app-2"' not in text


@pytest.mark.toolchain
def test_the_real_one_takes_it_and_would_not_take_everything(tmp_path):
    def verified(text):
        path = tmp_path / "loki.yaml"
        path.write_text(text)
        return subprocess.run(
            [program(), "-verify-config", f"-config.file={path}"], capture_output=True, check=False
        ).returncode

    text = loki.configuration(fleet(hosts=(HOST, OTHER)), HOST)
    assert verified(text) == 0
    assert verified(text.replace("v13", "v14")) != 0
    assert verified(text.replace("retention_period", "retention_peroid")) != 0


@pytest.mark.toolchain
def test_lines_survive_a_kill(tmp_path):
    now = time.time()
    server = Server(tmp_path, fleet())
    with server:
        server.push({"job": "kept"}, [now - 5, now - 4])
    with server:
        assert [value for _, value in server.query('sum(count_over_time({job="kept"}[1m]))', now)] == [2.0]


@pytest.mark.toolchain
def test_many_long_lines_are_answered_at_once(tmp_path):
    now = time.time()
    with Server(tmp_path, fleet()) as server:
        for start in range(0, 600, 100):
            server.push({"job": "long"}, [now - 10 + (start + each) / 1000 for each in range(100)], text="x" * 30_000)
        assert len(server.lines('{job="long"}', now - 20)) == 600
