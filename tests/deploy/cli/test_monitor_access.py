"""How `threader monitor` asks parts that speak TLS and want a password."""

import json
import subprocess
import sys

import pytest

from deploy.cli import forward
from deploy.cli.fleet import of_outputs
from deploy.cli.forward import Forward, told
from deploy.cli.monitor_ask import ask
from deploy.cli.monitor_where import Access, where
from deploy.hosts.facts import script
from monitoring.dashboards import HOME, panels_of
from tests.certificates import Authority, Server
from tests.deploy.cli.monitored import monitored

CA = Authority()
PROOF = CA.issue("10.0.0.1")


@pytest.fixture
def part(tmp_path):
    """A part of the host 10.0.0.1, as it answers on loopback there."""
    (tmp_path / "ca.crt").write_text(CA.pem)
    (tmp_path / "password").write_text("very secret\n")
    with Server(PROOF.context(tmp_path), "ops:very secret", '{"n": 1}') as made:
        yield made


def got(tmp_path, url, **changes):
    access = {"ca": f"{tmp_path}/ca.crt", "name": "10.0.0.1", "user": "ops", "password": f"{tmp_path}/password"}
    line = json.dumps({"urls": [url], "access": {**access, **changes}, "seconds": 10})
    words = [sys.executable, "-c", script("get")]
    done = subprocess.run(words, input=line, capture_output=True, text=True, check=True)
    assert "very secret" not in done.stdout + line
    [found] = json.loads(done.stdout)
    return found


def test_what_answers_on_loopback_is_known_by_the_address_of_its_host(tmp_path, part):
    assert got(tmp_path, f"{part.url}/x") == {"found": {"n": 1}}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "10.0.0.2"}, "IP address mismatch"),
        ({"user": "dev"}, "HTTP 401: Unauthorized"),
        ({"ca": "/nowhere"}, "No such file"),
    ],
)
def test_nobody_else_is_believed_and_nothing_is_answered_to_others(tmp_path, part, changes, why):
    assert why in got(tmp_path, f"{part.url}/x", **changes)["why"]


def secured(world, **more):
    monitored(world, **more)
    world.outputs["monitoring"]["access"] = {"ca": CA.pem, "user": "ops"}
    return where(of_outputs("dev", world.outputs), world.outputs)


def test_a_monitor_is_asked_by_https_with_what_its_prometheus_has(world, monkeypatch):
    found, given = secured(world), []
    monitor = world.hosts["app-1"]

    def answer(task, request, **_):
        given.append(request)
        return [json.dumps([{"why": "x"} for _ in request["urls"]])]

    monkeypatch.setattr(monitor, "answer", answer)
    ask(found, panels_of(found.scope, HOME), ".+")
    [request] = given
    assert request["access"] == {
        "ca": "/etc/alert-threader-prometheus/ca.crt",
        "name": "10.0.0.1",
        "user": "ops",
        "password": "/etc/alert-threader-prometheus/monitoring_password",
    }
    assert all(url.startswith("https://") for url in request["urls"])


def test_without_tls_and_a_password_the_monitor_is_told_nothing_of_them(world):
    monitored(world)
    found = where(of_outputs("dev", world.outputs), world.outputs)
    assert found.access == Access()
    assert found.access.scheme == "http"


def test_a_page_that_is_forwarded_is_asked_as_the_first_monitors(world, part):
    port = int(part.url.rpartition(":")[2])
    assert forward._asked(secured(world), port) == "", "it answers, and wants a password"
    world.outputs["monitoring"]["access"] = {"ca": Authority().pem}
    assert forward._asked(where(of_outputs("dev", world.outputs), world.outputs), port) is None


def test_a_page_is_shown_with_the_word_of_its_scheme():
    assert told(Forward("Prometheus", 9090, "x"), 9090, "", "https") == "Prometheus    https://localhost:9090"


def test_who_opens_the_pages_is_told_the_user_and_where_the_password_is(world, monkeypatch, capsys):
    monkeypatch.setattr(forward, "_asked", lambda where, port: "")
    forward._tell(secured(world), [(9090, Forward("Prometheus", 9090, "x"))])
    said = capsys.readouterr().out
    assert "user ops, password: pulumi config get --path alert-threader:secrets.MONITORING_PASSWORD" in said
