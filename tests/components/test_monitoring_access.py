"""TLS and a password of the monitoring, through all resources: who gets what, and what of it is secret."""

import base64
import json
from dataclasses import replace

import pytest

from components.fleet import Fleet
from components.inputs import health_inputs, host_inputs
from components.monitoring import part_inputs, parts
from components.report import monitoring
from deploy.provider.values import Secret
from deploy.settings.addresses import alertmanager_urls
from tests.components.engine import run, shown
from tests.components.fleets import DIGESTS
from tests.components.test_monitoring import fleet
from tests.monitoring.access.fleets import PASSWORD, PROOF, TLS, USER, guarded

HIDDEN = ("BEGIN PRIVATE KEY", PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(), "$2b$")


def told(made):
    """The fleet, whose health checks tell its own Alertmanagers, as settings make it."""
    return replace(made, health=replace(made.health, alertmanagers=alertmanager_urls(made)))


WHOLE = told(guarded(fleet()))


@pytest.fixture(scope="module")
def program():
    return run(lambda: Fleet("fleet", WHOLE, DIGESTS) and None)


def test_no_key_no_password_and_no_digest_of_one_is_shown(program):
    for name in program.requests:
        assert not [each for each in HIDDEN if each in shown(program.inputs(name))], name


def test_no_threader_gets_the_password(program):
    for name in ("py-a", "py-b"):
        assert "MONITORING_PASSWORD" not in program.inputs(name)["env"]
        assert PASSWORD not in json.dumps(program.inputs(name))


def test_secrets_are_readable_by_root_alone_and_no_unit_or_setting_has_them(program):
    for name in program.requests:
        inputs = program.inputs(name)
        for path, text in inputs.get("files", {}).items():
            if [each for each in HIDDEN if each in text]:
                assert inputs["access"][path] == "root:root 0600", path


def test_every_secret_of_a_part_is_a_credential_of_its_unit(program):
    for host, _, part in parts(WHOLE, "dev"):
        inputs = program.inputs(f"{host.name}-{part.name}")
        hidden = [path for path, rights in inputs["access"].items() if rights.endswith("0600")]
        unit = inputs["files"].get(f"/etc/systemd/system/alert-threader-{part.name}.service", "")
        assert [path for path in hidden if f"LoadCredential={path.rpartition('/')[2]}:{path}\n" not in unit] == []


def test_a_program_of_the_toolkit_is_told_how_it_is_to_be_asked(program):
    for part in ("prometheus", "alertmanager", "blackbox-exporter", "node-exporter"):
        unit = program.inputs(f"mon-1-{part}")["files"][f"/etc/systemd/system/alert-threader-{part}.service"]
        assert f"--web.config.file=/run/credentials/alert-threader-{part}.service/web.yml" in unit


def test_pages_are_linked_by_https(program):
    unit = program.inputs("mon-1-prometheus")["files"]["/etc/systemd/system/alert-threader-prometheus.service"]
    assert "--web.external-url=https://localhost:9090" in unit


def test_health_checks_get_the_password_as_a_credential_of_their_unit_alone(program):
    files = program.inputs("app-1")["files"]
    path = "/etc/alert-threader-health/monitoring_password"
    assert isinstance(files[path], Secret)
    assert files["/etc/alert-threader-health/ca.crt"] == TLS.ca
    unit = files["/etc/systemd/system/alert-threader-health@.service"]
    assert f"LoadCredential=monitoring_password:{path}\n" in unit


def settings(made):
    return json.loads(health_inputs(made.instances[0], made)["files"]["/etc/alert-threader.d/py-a.health.json"])


def test_a_health_check_knows_how_to_ask_those_of_the_fleet():
    assert settings(WHOLE)["own"] == {
        "urls": ["https://10.99.0.21:9093", "https://10.99.0.22:9093"],
        "ca": "/etc/alert-threader-health/ca.crt",
        "user": USER,
    }


def test_who_tells_alertmanagers_of_others_gets_no_password():
    made = replace(WHOLE, health=replace(WHOLE.health, alertmanagers=("http://am.example.com:9093",)))
    assert "own" not in settings(made)
    assert not [path for path in host_inputs(made.hosts[0], made, str)["files"] if "alert-threader-health/" in path]


def test_a_host_without_a_threader_checks_nobodys_health():
    found = host_inputs(WHOLE.hosts[2], WHOLE, str)["files"]
    assert not [path for path in found if "alert-threader-health/" in path]


def test_without_the_settings_the_inputs_are_what_they_were():
    plain = told(fleet())
    assert "own" not in settings(plain)
    for host, _, part in parts(plain, "dev"):
        files = part_inputs(part, host, plain, str)["files"]
        assert not [
            path
            for path in files
            if path.endswith(("tls.crt", "ca.crt", "tls_key", "web.yml", "_password")) and "admin_password" not in path
        ]


def test_the_stack_says_how_its_monitoring_is_asked_but_no_secret():
    assert monitoring(WHOLE)["access"] == {"ca": TLS.ca, "user": USER}
    assert "access" not in monitoring(fleet())
    assert PROOF.key not in json.dumps(monitoring(WHOLE))


def test_the_watchdog_asks_by_https_as_the_user():
    (part,) = (part for _, kind, part in parts(WHOLE, "dev") if kind == "Watchdog")
    found = json.loads(part.manifest.files["/etc/alert-threader-watchdog/watchdog.json"])
    assert found["alertmanagers"][0].startswith("https://")
    assert (found["ca"], found["user"]) == ("/etc/alert-threader-watchdog/ca.crt", USER)
