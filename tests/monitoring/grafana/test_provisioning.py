import json
import re
from configparser import RawConfigParser
from dataclasses import replace

import pytest
import yaml

from deploy.settings.specs import GrafanaSpec, HostSpec
from monitoring.dashboards import dashboards
from monitoring.grafana import CONFIG, provisioning
from tests.components.fleets import spec
from tests.monitoring.access.fleets import PASSWORD, guarded
from tests.monitoring.dashboards.fleets import EVERY_KIND, TARBALL, fleet

SOURCES, PROVIDER = "provisioning/datasources/alert-threader.yaml", "provisioning/dashboards/alert-threader.yaml"


def texts(of):
    return {path.removeprefix(f"{CONFIG}/"): text for path, text in provisioning(of).items()}


def read(text):
    parser = RawConfigParser(interpolation=None, strict=True)
    parser.read_string(text)
    return {section: dict(parser[section]) for section in parser.sections()}


# What Grafana 11.6 knows, of its documentation. It ignores what it does not know, so a misspelt one would be silent.
SETTINGS = {
    "paths": {"data", "logs", "plugins", "provisioning"},
    "server": {"protocol", "http_addr", "http_port", "root_url"},
    "analytics": {"reporting_enabled", "check_for_updates", "check_for_plugin_updates", "feedback_links_enabled"},
    "security": {"admin_user", "admin_password", "disable_gravatar"},
    "users": {"allow_sign_up", "allow_org_create"},
    "auth.anonymous": {"enabled"},
    "snapshots": {"external_enabled"},
    "news": {"news_feed_enabled"},
    "unified_alerting": {"execute_alerts"},
    "dashboards": {"default_home_dashboard_path"},
    "log": {"mode", "level"},
}
OF_TLS = {"cert_file", "cert_key"}
SOURCE = {
    "name": str,
    "type": ("prometheus", "loki", "alertmanager"),
    "uid": str,
    "access": ("proxy",),
    "url": str,
    "editable": bool,
    "isDefault": bool,
    "jsonData": dict,
    "secureJsonData": dict,
    "basicAuth": bool,
    "basicAuthUser": str,
}
OF_ANY = {"tlsAuthWithCACert": bool, "serverName": str}
HIDDEN = {"tlsCACert": str, "basicAuthPassword": str}
MORE = {
    "prometheus": {"httpMethod": ("GET", "POST"), "timeInterval": str},
    "loki": {},
    "alertmanager": {"implementation": ("prometheus", "mimir", "cortex"), "handleGrafanaManagedAlerts": bool},
}
PROVIDERS = {
    "name": str,
    "orgId": int,
    "folder": str,
    "type": ("file",),
    "disableDeletion": bool,
    "allowUiUpdates": bool,
    "updateIntervalSeconds": int,
    "options": dict,
}
OPTIONS = {"path": str, "foldersFromFilesStructure": bool}


def wrong(found, known, needed=()):
    """What is not as Grafana has it."""
    lines = [f"{key} is missing" for key in needed if key not in found]
    for key, value in found.items():
        kind = known.get(key)
        right = value in kind if isinstance(kind, tuple) else type(value) is kind
        if not right:
            lines.append(f"{key}: {value!r}")
    return lines


def wrong_sources(text):
    document = yaml.safe_load(text)
    found = wrong(document, {"apiVersion": (1,), "prune": bool, "datasources": list}, ("apiVersion", "datasources"))
    for each in document.get("datasources", []):
        found += wrong(each, SOURCE, ("name", "type", "uid", "access", "url"))
        found += wrong(each.get("jsonData", {}), {**MORE.get(each.get("type"), {}), **OF_ANY})
        found += wrong(each.get("secureJsonData", {}), HIDDEN)
    return found


def wrong_provider(text):
    document = yaml.safe_load(text)
    found = wrong(document, {"apiVersion": (1,), "providers": list}, ("apiVersion", "providers"))
    for each in document.get("providers", []):
        found += wrong(each, PROVIDERS, PROVIDERS) + wrong(each.get("options", {}), OPTIONS, ("path",))
    return found


@pytest.mark.parametrize("each", EVERY_KIND)
def test_every_file_has_only_what_grafana_knows(each):
    made = texts(each)
    assert {section: set(keys) for section, keys in read(made["grafana.ini"]).items()} == SETTINGS
    assert wrong_sources(made[SOURCES]) == []
    assert wrong_provider(made[PROVIDER]) == []


def test_with_tls_and_a_password_too_and_both_are_read_from_files_that_only_grafana_has():
    made = texts(guarded(fleet(monitors=2)))
    server = read(made["grafana.ini"])["server"]
    assert {*server} == SETTINGS["server"] | OF_TLS
    assert (server["protocol"], server["root_url"]) == ("https", "https://localhost:3000/")
    assert server["cert_key"] == "/run/credentials/alert-threader-grafana.service/tls_key"
    assert wrong_sources(made[SOURCES]) == []
    found = {each["uid"]: each for each in yaml.safe_load(made[SOURCES])["datasources"]}
    assert {each["url"].partition(":")[0] for each in found.values()} == {"https"}
    assert {name for name, each in found.items() if each.get("basicAuth")} == {*found} - {"loki"}
    assert found["prometheus"]["jsonData"]["serverName"] == "10.0.0.1"
    secret = "$__file{/run/credentials/alert-threader-grafana.service/monitoring_password}"
    assert found["alertmanager-2"]["secureJsonData"] == {
        "tlsCACert": "$__file{/etc/alert-threader-grafana/ca.crt}",
        "basicAuthPassword": secret,
    }
    assert PASSWORD not in str(made)


@pytest.mark.parametrize(
    ("path", "check", "old", "new"),
    [
        (SOURCES, wrong_sources, "isDefault", "is_default"),
        (SOURCES, wrong_sources, "timeInterval", "time_interval"),
        (SOURCES, wrong_sources, "type: loki", "type: locki"),
        (SOURCES, wrong_sources, "uid: ", "id: "),
        (PROVIDER, wrong_provider, "allowUiUpdates", "allowUIUpdates"),
        (PROVIDER, wrong_provider, "path: ", "folder: "),
        (PROVIDER, wrong_provider, "orgId: 1", "orgId: '1'"),
    ],
)
def test_a_misspelt_field_is_refused(path, check, old, new):
    text = texts(fleet())[path]
    assert old in text
    assert check(text.replace(old, new))


def test_every_uid_that_dashboards_ask_is_provisioned_and_no_two_are_alike():
    for each in EVERY_KIND:
        made = texts(each)
        uids = [source["uid"] for source in yaml.safe_load(made[SOURCES])["datasources"]]
        asked = {uid for text in dashboards(each).values() for uid in _uids(json.loads(text))}
        assert len(uids) == len({*uids})
        assert asked <= {*uids}
        names = [source["name"] for source in yaml.safe_load(made[SOURCES])["datasources"]]
        assert len(names) == len({*names})


def test_two_alertmanagers_are_two_datasources_and_loki_only_where_it_is():
    assert _urls(fleet(monitors=2)) == {
        "prometheus": "http://127.0.0.1:9090",
        "loki": "http://10.0.0.1:3100",
        "alertmanager": "http://10.0.0.1:9093",
        "alertmanager-2": "http://10.0.0.2:9093",
    }
    assert "loki" not in _urls(fleet(loki=False))


def test_parts_are_asked_at_the_address_of_their_host():
    named = replace(fleet(), hosts=(HostSpec("app-1", "app-1.example.com", roles=("monitor", "edge")),))
    assert _urls(named)["alertmanager"] == "http://app-1.example.com:9093"
    six = replace(fleet(), hosts=(HostSpec("app-1", "fd00::1", roles=("monitor", "edge")),))
    assert _urls(six)["loki"] == "http://[fd00::1]:3100"


def test_it_answers_on_loopback_only_and_under_the_address_of_the_settings():
    server = read(texts(fleet())["grafana.ini"])["server"]
    assert server == {
        "protocol": "http",
        "http_addr": "127.0.0.1",
        "http_port": "3000",
        "root_url": "http://localhost:3000/",
    }
    behind = GrafanaSpec(port=3001, external_url="https://grafana.example.com/100%25", source=TARBALL)
    server = read(texts(fleet(grafana=behind))["grafana.ini"])["server"]
    assert (server["http_port"], server["root_url"]) == ("3001", "https://grafana.example.com/100%25")


def test_the_password_is_read_from_the_credential_of_the_unit_and_is_in_no_file():
    security = read(texts(fleet())["grafana.ini"])["security"]
    path = "/run/credentials/alert-threader-grafana.service/admin_password"
    assert security["admin_password"] == f"$__file{{{path}}}"


def test_nobody_outside_is_told_or_asked():
    settings = read(texts(fleet())["grafana.ini"])
    assert {*settings["analytics"].values()} == {"false"}
    assert settings["snapshots"] == {"external_enabled": "false"}
    assert settings["news"] == {"news_feed_enabled": "false"}


def test_the_folder_of_the_provider_has_the_dashboards_and_the_first_page_is_one_of_them():
    made = provisioning(fleet())
    folder = yaml.safe_load(made[f"{CONFIG}/{PROVIDER}"])["providers"][0]["options"]["path"]
    assert {path for path in made if path.startswith(folder)} == {f"{folder}/{name}" for name in dashboards(fleet())}
    home = read(made[f"{CONFIG}/grafana.ini"])["dashboards"]["default_home_dashboard_path"]
    assert home in made
    assert all(re.fullmatch(r"/etc/alert-threader-grafana/[a-z/-]+\.(ini|yaml|json)", path) for path in made)


def test_a_fleet_without_a_monitor_has_no_grafana():
    with pytest.raises(ValueError, match="role monitor"):
        provisioning(spec())


def _urls(of):
    return {source["uid"]: source["url"] for source in yaml.safe_load(texts(of)[SOURCES])["datasources"]}


def _uids(value):
    if isinstance(value, dict):
        if "uid" in value and "type" in value and "schemaVersion" not in value:
            yield value["uid"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _uids(each)
