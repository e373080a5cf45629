"""The health check's units word for word, and what each instance has of its own."""

import json
from pathlib import Path

import pytest

from deploy.manifest import health
from deploy.manifest.health import health_base, health_manifest, removal
from deploy.manifest.monitoring.access import Access
from deploy.manifest.paths import HEALTH_PROBE
from deploy.settings.specs import HealthSpec
from tests.deploy.hosts.conftest import load

GOLDEN = Path(__file__).parent / "golden"
METRICS = HealthSpec().metrics
TEXTS = {
    "alert-threader-health@.service": health.check_unit(METRICS),
    "alert-threader-health@.timer": health.TIMER,
    "alert-threader-restart@.service": health.RESTART,
    "schedule.conf": health.schedule(60.0),
}
UNITS = "/etc/systemd/system"


@pytest.mark.parametrize("name", TEXTS)
def test_a_unit_is_word_for_word_what_was_last_looked_at(name):
    """When the change is meant: read the difference, then copy the text into the golden file."""
    assert TEXTS[name] == (GOLDEN / name).read_text()


def lines(text):
    return text.splitlines()


def test_a_check_has_no_rights_and_writes_only_its_state_and_the_metrics():
    assert {"User=alert-threader", "CapabilityBoundingSet=", "ProtectSystem=strict"} <= {
        *lines(health.check_unit("/m"))
    }
    assert [
        line for line in lines(health.check_unit("/m")) if line.startswith(("ReadWritePaths=", "StateDirectory="))
    ] == [
        "StateDirectory=alert-threader-health",
        "ReadWritePaths=-/m",
    ]


def test_only_a_check_that_asked_for_it_is_followed_by_a_restart():
    assert "OnFailure=alert-threader-restart@%i.service" in lines(health.check_unit(METRICS))
    assert f"ExecCondition={HEALTH_PROBE} due %i" in lines(health.RESTART)
    assert "ExecStart=/usr/local/lib/alert-threader/activate restart %i health-check" in lines(health.RESTART)


def test_a_host_gets_the_units_the_program_and_folders_for_its_state_and_the_metrics():
    manifest = health_base("/srv/metrics")
    assert manifest.files[HEALTH_PROBE].startswith("#!/usr/bin/python3\n")
    assert set(manifest.files) == set(manifest.access)
    assert manifest.access[HEALTH_PROBE] == "root:root 0755"
    assert manifest.directories == {
        "/var/lib/alert-threader-health": "alert-threader:alert-threader 0755",
        "/srv/metrics": "root:alert-threader 0775",
    }


def test_what_checks_need_to_ask_is_in_a_folder_of_its_own_and_secrets_are_credentials():
    manifest = health_base("/srv/metrics", Access({"ca.crt": "CA"}, {"monitoring_password": "secret"}))
    assert manifest.directories["/etc/alert-threader-health"] == "root:root 0755"
    assert manifest.access["/etc/alert-threader-health/ca.crt"] == "root:root 0644"
    assert manifest.access["/etc/alert-threader-health/monitoring_password"] == "root:root 0600"
    loaded = [line for line in lines(manifest.files[health.CHECK_PATH]) if line.startswith("LoadCredential=")]
    assert loaded == ["LoadCredential=monitoring_password:/etc/alert-threader-health/monitoring_password"]


def test_an_instance_has_its_settings_its_schedule_and_a_timer_that_runs_and_starts_with_the_host():
    made = health_manifest("py-a", "app-1", "python", HealthSpec(every=3, alertmanagers=("http://am:9093",)))
    assert json.loads(made.files["/etc/alert-threader.d/py-a.health.json"]) == {
        "host": "app-1",
        "impl": "python",
        "deadline": 30.0,
        "timeout": 5.0,
        "failures": 2,
        "restarts": 3,
        "alertmanagers": ["http://am:9093"],
        "metrics": METRICS,
    }
    drop_in = f"{UNITS}/alert-threader-health@py-a.timer.d"
    assert "OnUnitActiveSec=3s" in lines(made.files[f"{drop_in}/schedule.conf"])
    assert made.directories == {drop_in: "root:root 0755"}
    assert made.links == {
        f"{UNITS}/timers.target.wants/alert-threader-health@py-a.timer": f"{UNITS}/alert-threader-health@.timer"
    }
    assert made.units == {"alert-threader-health@py-a.timer": "active"}
    assert set(made.access.values()) == {"root:root 0644"}


def test_the_program_reads_every_setting_that_it_is_given(tmp_path, monkeypatch):
    program = load("health")
    wanted = HealthSpec(
        deadline=9.0, timeout=1.5, failures=4, restarts=5, alertmanagers=("http://a", "http://b"), metrics="/m"
    )
    made = health_manifest("py-a", "app-1", "go", wanted)
    (tmp_path / "py-a.health.json").write_text(made.files["/etc/alert-threader.d/py-a.health.json"])
    monkeypatch.setattr(program, "CONFIG", tmp_path)
    assert program.limits_of("py-a") == program.Limits("app-1", "go", "/m", 9.0, 1.5, 4, 5, ("http://a", "http://b"))


def test_two_instances_share_no_path_and_no_unit():
    one, two = (health_manifest(name, "app-1", "python", HealthSpec()) for name in ("a", "b"))
    assert not set(one.paths) & set(two.paths)
    assert not set(one.units) & set(two.units)


def test_the_end_of_the_watch_stops_and_forgets_before_it_removes_all_that_is_of_the_instance():
    shell, option, script, probe, instance, *paths = removal("py-a", "/m/py-a.prom")
    assert (shell, option, probe, instance) == ("sh", "-c", HEALTH_PROBE, "py-a")
    steps = [script.index(word) for word in ("systemctl stop", '"$0" forget "$1"', "rm -rf", "systemctl daemon-reload")]
    assert steps == sorted(steps)
    manifest = health_manifest("py-a", "app-1", "python", HealthSpec())
    assert all(any(path == each or path.startswith(f"{each}/") for each in paths) for path in manifest.paths)
    assert {"/var/lib/alert-threader-health/py-a.json", "/m/py-a.prom"} <= {*paths}


@pytest.mark.parametrize(("every", "text"), [(60.0, "60s"), (0.5, "0.5s"), (3600.0, "3600s"), (90.25, "90.25s")])
def test_an_interval_is_written_as_systemd_reads_it(every, text):
    assert f"OnUnitActiveSec={text}" in lines(health.schedule(every))
