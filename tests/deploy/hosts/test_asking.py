"""How health checks and the watchdog ask Alertmanagers that speak TLS and want a password: with both, or not at all."""

import json
import time

import pytest

from tests.certificates import Authority, Server
from tests.deploy.hosts.conftest import load

CA = Authority()
PROOF, ELSEWHERE = CA.issue("127.0.0.1"), CA.issue("10.0.0.1")
LOGIN, PASSWORD = "ops:very secret", "very secret"
FIRING = json.dumps([{"labels": {"alertname": "Watchdog"}}])
WRONG = {
    "another authority": ({"ca": Authority().pem}, "CERTIFICATE_VERIFY_FAILED"),
    "a certificate of another host": ({"proof": ELSEWHERE}, "IP address mismatch"),
    "another password": ({"password": "wrong"}, "401"),
    "no password": ({"password": None}, "No such file or directory"),
    "no authority": ({"ca": None}, "No such file or directory"),
    "plain http": ({"proof": None}, "SSL"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


def server(folder, proof):
    return Server(proof.context(folder) if proof else None, LOGIN, FIRING)


def laid(folder, ca=CA.pem, password=PASSWORD):
    """What the unit finds; the file of whom to trust."""
    for name, text in (("ca.crt", ca), ("monitoring_password", password)):
        if text is not None:
            (folder / name).write_text(f"{text}\n")
    return str(folder / "ca.crt")


def secure(url):
    """The address as settings have it, whatever answers there."""
    return url.replace("http:", "https:")


# --- the health check


def posted(folder, url, own):
    module = load("health")
    limits = module.Limits("app-1", "python", "/m", alertmanagers=(url,), own=own)
    alert = module.described("py-a", module.State(escalated="t", reason="x"), limits, time.time(), time.time() + 60)
    return module.post_to(limits.alertmanagers, alert, limits.own)


def test_a_check_posts_to_an_alertmanager_that_proves_who_it_is_and_lets_it_in(folder):
    with server(folder, PROOF) as manager:
        own = {"urls": [manager.url], "ca": laid(folder), "user": "ops"}
        assert posted(folder, manager.url, own)
        [(verb, path, body)] = manager.got
    assert (verb, path) == ("POST", "/api/v2/alerts")
    assert json.loads(body)[0]["labels"]["alertname"] == "ThreaderHealthCheckFailing"


@pytest.mark.parametrize("case", WRONG)
def test_a_check_tells_nobody_else_and_says_why(folder, capsys, case):
    changes, reason = WRONG[case]
    proof = changes.get("proof", PROOF)
    given = {key: value for key, value in changes.items() if key != "proof"}
    with server(folder, proof) as manager:
        url = secure(manager.url)
        assert not posted(folder, url, {"urls": [url], "ca": laid(folder, **given), "user": "ops"})
        assert manager.got == []
    said = capsys.readouterr().out
    assert f"{url}/api/v2/alerts" in said
    assert reason in said
    assert PASSWORD not in said


def test_a_check_asks_by_plain_http_with_a_password_where_there_is_no_tls(folder):
    laid(folder)
    with server(folder, None) as manager:
        assert posted(folder, manager.url, {"urls": [manager.url], "user": "ops"})


def test_an_alertmanager_of_others_is_not_told_the_password(folder):
    laid(folder)
    with Server(None, None) as others:
        own = {"urls": ["https://10.0.0.1:9093"], "ca": str(folder / "ca.crt"), "user": "ops"}
        assert posted(folder, others.url, own), "it takes only what has no login"


def test_outside_of_the_unit_root_finds_the_password_where_the_unit_has_it_from(folder, monkeypatch):
    module = load("health")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    module.SECRETS = folder
    laid(folder)
    assert module.password() == PASSWORD


# --- the watchdog


def asked(url, ca, user="ops"):
    module = load("watchdog")
    return module.ask(url, module.Wanted((url,), "prod", ca=ca, user=user))


def test_the_watchdog_asks_an_alertmanager_that_proves_who_it_is_and_lets_it_in(folder):
    with server(folder, PROOF) as manager:
        assert asked(manager.url, laid(folder)) is None


@pytest.mark.parametrize("case", WRONG)
def test_for_the_watchdog_nobody_else_counts_and_it_says_why(folder, case):
    changes, reason = WRONG[case]
    given = {key: value for key, value in changes.items() if key != "proof"}
    with server(folder, changes.get("proof", PROOF)) as manager:
        said = asked(secure(manager.url), laid(folder, **given))
        assert manager.got == []
    assert reason in said
    assert PASSWORD not in said


def test_the_watchdog_reads_how_to_ask_from_its_settings(folder):
    path = folder / "watchdog.json"
    path.write_text(json.dumps({"alertmanagers": ["https://a"], "fleet": "prod", "ca": "/c", "user": "ops"}))
    module = load("watchdog")
    assert module.wanted_of(path) == module.Wanted(("https://a",), "prod", ca="/c", user="ops")
