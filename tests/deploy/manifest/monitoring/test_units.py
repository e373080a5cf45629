"""The units of the monitoring as they are on a host, word for word; and what they must never lose."""

import os
from pathlib import Path

import pytest

from deploy.manifest.monitoring.alertmanager import alertmanager
from deploy.manifest.monitoring.prometheus import prometheus
from deploy.settings.specs import AlertmanagerSpec, PrometheusSpec
from tests.deploy.manifest.monitoring.parts import ALL, LASTING, TARBALL, unit

GOLDEN = Path(__file__).parent / "golden"
RIGHTLESS = (
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "SystemCallFilter=@system-service",
)


@pytest.mark.parametrize("name", ALL)
def test_a_unit_is_word_for_word_what_was_last_looked_at(name):
    """When the change is meant: UPDATE_GOLDEN=1, then read the difference."""
    golden = GOLDEN / f"alert-threader-{name}.service"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(unit(ALL[name]))
    assert unit(ALL[name]) == golden.read_text()


@pytest.mark.parametrize("name", ALL)
def test_no_unit_has_rights_or_a_user_that_is_there_without_it(name):
    lines = unit(ALL[name]).splitlines()
    assert [line for line in RIGHTLESS if line not in lines] == []
    assert ("DynamicUser=yes" in lines) != (name == "node-exporter")


@pytest.mark.parametrize("name", LASTING)
def test_what_runs_all_the_time_is_always_started_again_and_notes_with_what_it_runs(name):
    lines = unit(ALL[name]).splitlines()
    assert "Restart=always" in lines
    assert [line.partition(">")[2].split(".new")[0] for line in lines if line.startswith("ExecStartPre=")] == [
        f"/run/alert-threader-{name}/started",
        f"/run/alert-threader-{name}/loaded",
    ]


@pytest.mark.parametrize("name", LASTING)
def test_a_reload_first_checks_and_then_notes_what_will_be_read(name):
    steps = [line for line in unit(ALL[name]).splitlines() if line.startswith("ExecReload=")]
    assert bool(steps) == ALL[name].reloads
    if steps:
        assert ALL[name].check[0] in steps[0]
        assert "/loaded.new" in steps[-2]
        assert steps[-1] == "ExecReload=/bin/kill -HUP $MAINPID"


@pytest.mark.parametrize("name", ALL)
def test_no_secret_is_in_a_unit_and_each_is_given_as_a_credential(name):
    secrets = [path for path, access in ALL[name].manifest.access.items() if access.endswith("0600")]
    assert "very-secret" not in unit(ALL[name])
    for path in secrets:
        assert f"LoadCredential={path.rpartition('/')[2]}:{path}" in unit(ALL[name])


def test_alertmanagers_are_a_cluster_only_where_there_are_two():
    alone = unit(ALL["alertmanager"])
    assert "    --cluster.listen-address=\n" in alone
    two = unit(alertmanager(AlertmanagerSpec(), "", address="fd00::1", peers=["10.0.0.2"]))
    assert "--cluster.listen-address=[fd00::1]:9094" in two
    assert "--cluster.peer=10.0.0.2:9094" in two


def test_a_part_on_a_host_with_a_name_listens_everywhere():
    assert "--web.listen-address=0.0.0.0:9093" in unit(alertmanager(AlertmanagerSpec(), "", address="mon.example"))


def test_what_a_tarball_has_is_run_from_its_folder_also_to_check():
    part = prometheus(PrometheusSpec(source=TARBALL), "", {})
    folder = "/opt/alert-threader/prometheus-ab12ab12ab12"
    assert f"ExecStart={folder}/prometheus " in unit(part)
    assert part.check[0] == f"{folder}/promtool"
    assert f"{folder}/.sha256" in unit(part)
