"""What each part has to be asked by TLS and with a password, and that those who look at it take it."""

import base64
import subprocess

import bcrypt
import pytest
import yaml

from deploy.manifest.monitoring.access import ANYBODY, AUTHORIZATION, CA, CERT, KEY, PASSWORD, WEB
from deploy.manifest.monitoring.kinds import PARTS
from monitoring.access import HEALTH, access, asked, digest
from monitoring.prometheus import configuration
from monitoring.rules import rule_files
from tests.monitoring.access import fleets
from tests.monitoring.access.fleets import ASKED, ENCRYPTED, FLEET, GUARDED, PROOF, USER

TOOLKIT = ("prometheus", "alertmanager", "blackbox-exporter", "node-exporter")
NAMES = (*PARTS.values(), HEALTH)


def has(fleet, part):
    found = access(fleet, part, fleets.KEY)
    return {*found.files}, {*found.secrets}


@pytest.mark.parametrize("part", NAMES)
def test_without_the_settings_no_part_has_anything(part):
    assert access(FLEET, part, fleets.KEY) == ANYBODY


@pytest.mark.parametrize(
    ("part", "files", "secrets"),
    [
        ("prometheus", {CERT, CA}, {KEY, WEB, PASSWORD}),
        ("alertmanager", {CERT}, {KEY, WEB}),
        ("blackbox-exporter", {CERT}, {KEY, WEB}),
        ("node-exporter", {CERT}, {KEY, WEB}),
        ("loki", {CERT, CA}, {KEY, AUTHORIZATION}),
        ("grafana", {CERT, CA}, {KEY, PASSWORD}),
        ("log-shipper", {CA}, set()),
        ("watchdog", {CA}, {PASSWORD}),
        (HEALTH, {CA}, {PASSWORD}),
    ],
)
def test_each_part_has_what_it_needs_and_no_more(part, files, secrets):
    assert has(GUARDED, part) == (files, secrets)
    assert has(ENCRYPTED, part) == (files, secrets - {PASSWORD, AUTHORIZATION})
    assert has(ASKED, part) == (set(), secrets - {KEY})


def test_a_web_config_names_the_certificate_of_its_part_and_the_key_that_its_unit_gets():
    found = yaml.safe_load(access(GUARDED, "node-exporter", fleets.KEY).secrets[WEB])
    assert found["tls_server_config"] == {
        "cert_file": "/etc/alert-threader-node-exporter/tls.crt",
        "key_file": "/run/credentials/alert-threader-node-exporter.service/tls_key",
    }
    assert {*found["basic_auth_users"]} == {USER}


def test_the_digest_is_of_the_password_and_the_same_at_each_look():
    text = access(GUARDED, "prometheus", fleets.KEY).secrets[WEB]
    found = yaml.safe_load(text)["basic_auth_users"][USER]
    assert bcrypt.checkpw(fleets.PASSWORD.encode(), found.encode())
    assert not bcrypt.checkpw(b"another", found.encode())
    digest.cache_clear()
    assert access(GUARDED, "prometheus", fleets.KEY).secrets[WEB] == text
    assert fleets.PASSWORD not in text


def test_the_salt_is_another_for_each_key_and_user_but_tells_nothing_of_the_password():
    salts = {digest(*words)[:29] for words in (("a", "ops", "k"), ("a", "ops", "l"), ("a", "dev", "k"))}
    assert len(salts) == 3
    assert digest("a", "ops", "k")[:29] == digest("b", "ops", "k")[:29]
    assert digest("a", "ops", "k") != digest("b", "ops", "k")


def test_lokis_ruler_gets_the_header_as_http_has_it():
    found = access(GUARDED, "loki", fleets.KEY).secrets[AUTHORIZATION]
    assert base64.b64decode(found).decode() == f"{USER}:{fleets.PASSWORD}"


@pytest.mark.promtool
@pytest.mark.parametrize("fleet", [GUARDED, ENCRYPTED, ASKED], ids=["both", "tls", "password"])
@pytest.mark.parametrize("part", TOOLKIT)
def test_the_real_promtool_takes_the_web_config(tmp_path, fleet, part):
    found = access(fleet, part, fleets.KEY)
    for name, text in {**found.files, **found.secrets}.items():
        folders = (f"/etc/alert-threader-{part}", f"/run/credentials/alert-threader-{part}.service")
        for folder in folders:
            text = text.replace(folder, str(tmp_path))
        (tmp_path / name).write_text(text)
    done = subprocess.run(["promtool", "check", "web-config", tmp_path / WEB], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.promtool
@pytest.mark.parametrize("fleet", [GUARDED, ENCRYPTED, ASKED], ids=["both", "tls", "password"])
def test_the_real_promtool_takes_the_configuration(tmp_path, fleet):
    (tmp_path / "rules").mkdir()
    for name, text in rule_files(fleet).items():
        (tmp_path / "rules" / name).write_text(text)
    (tmp_path / CA).write_text(PROOF.cert)
    text = configuration(fleet, fleet.monitors[1]).replace("/etc/alert-threader-prometheus", str(tmp_path))
    (tmp_path / "prometheus.yml").write_text(text)
    done = subprocess.run(["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


TRUST = {"ca_file": "/etc/alert-threader-prometheus/ca.crt"}
LOGIN = {
    "username": USER,
    "password_file": "/run/credentials/alert-threader-prometheus.service/monitoring_password",
}


def jobs(fleet):
    found = yaml.safe_load(configuration(fleet, fleet.monitors[1]))
    return {each["job_name"]: each for each in found["scrape_configs"]}, found["alerting"]["alertmanagers"][0]


def test_prometheus_asks_each_part_as_that_wants_to_be_asked_and_others_as_ever():
    found, manager = jobs(GUARDED)
    for name in ("node", "alertmanager"):
        assert (found[name]["scheme"], found[name]["tls_config"], found[name]["basic_auth"]) == ("https", TRUST, LOGIN)
    assert (manager["scheme"], manager["tls_config"], manager["basic_auth"]) == ("https", TRUST, LOGIN)
    assert (found["loki"]["scheme"], found["loki"]["tls_config"]) == ("https", TRUST)
    plain = {"edge", "alert_threader_python", "alert_threader_node", "alert_threader_go"}
    assert {name for name, job in found.items() if "scheme" not in job} == plain
    assert {name for name, job in found.items() if "basic_auth" not in job} == plain | {"loki"}


def test_what_listens_on_loopback_is_known_by_the_address_of_its_host():
    found, _ = jobs(ENCRYPTED)
    for name in ("prometheus", "blackbox_exporter", "blackbox"):
        assert found[name]["tls_config"] == {**TRUST, "server_name": "10.0.0.2"}
    assert not any("basic_auth" in job for job in found.values())


def test_a_password_alone_is_asked_for_by_plain_http():
    found, manager = jobs(ASKED)
    assert "scheme" not in manager
    assert manager["basic_auth"] == LOGIN
    assert "tls_config" not in found["node"]
    assert asked(ASKED, login=False) == {}


def test_nothing_is_repeated_by_reference():
    assert "&id" not in configuration(GUARDED, GUARDED.monitors[0])
