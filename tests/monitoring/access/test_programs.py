"""The real programs with TLS and a password: who has both is served, and who lacks one is refused."""

import base64
import json
import re
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from deploy.manifest.monitoring.access import CA, CERT, KEY, WEB
from deploy.manifest.paths import credential_path, part_directory
from monitoring import loki
from monitoring.access import access
from monitoring.alertmanager import configuration
from tests.certificates import Authority
from tests.certificates import Server as Asked
from tests.monitoring.access import fleets
from tests.monitoring.access.fleets import CA as OURS
from tests.monitoring.access.fleets import GUARDED, USER
from tests.monitoring.logs.shipper import NEEDED, Shipper, soon
from tests.monitoring.loki.fleets import FLEET
from tests.monitoring.loki.server import Server

HERE = OURS.issue("127.0.0.1")
LOGGED = fleets.guarded(FLEET)
LOGIN = f"{USER}:{fleets.PASSWORD}"


def opener(authority, login=None):
    handler = urllib.request.HTTPSHandler(context=ssl.create_default_context(cadata=authority.pem))
    made = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
    if login:
        made.addheaders = [("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")]
    return made


def free():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def laid_out(folder, part, fleet=GUARDED):
    """The files of a part, with a certificate for loopback; what makes of a text one that finds them there."""
    found = access(fleet, part, fleets.KEY)

    def here(text):
        moved = text.replace(part_directory(part), str(folder))
        return moved.replace(credential_path(part, "").rstrip("/"), str(folder))

    for name, text in {**found.files, **found.secrets, CERT: HERE.cert, KEY: HERE.key}.items():
        (folder / name).write_text(here(text))
    return here


@contextmanager
def running(folder, *words):
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, cwd=folder)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.promtool
def test_alertmanager_serves_who_knows_it_and_the_password(tmp_path):
    laid_out(tmp_path, "alertmanager")
    (tmp_path / "alertmanager.yml").write_text(configuration(GUARDED).replace("//10.0.0.", "//127.0.0."))
    port = free()
    words = (
        f"--config.file={tmp_path}/alertmanager.yml",
        f"--storage.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--web.config.file={tmp_path}/{WEB}",
        "--cluster.listen-address=",
    )
    with running(tmp_path, "prometheus-alertmanager", *words):
        url = f"https://127.0.0.1:{port}/api/v2/alerts"
        soon(lambda: _status(opener(OURS, LOGIN), url) == 200)
        assert _status(opener(OURS), url) == 401
        assert _status(opener(OURS, f"{USER}:wrong"), url) == 401
        assert "CERTIFICATE_VERIFY_FAILED" in _status(opener(Authority(), LOGIN), url)
        assert _status(opener(OURS), url.replace("https", "http")) == 400


def _status(asking, url):
    """The status of an answer, or why there is none."""
    try:
        with asking.open(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)


@pytest.mark.toolchain
def test_loki_is_asked_by_tls_and_its_ruler_tells_an_alertmanager_with_a_password(tmp_path):
    here = laid_out(tmp_path, "loki", LOGGED)
    rules = {name: re.sub(r"for: \d+[smh]", "for: 1s", text) for name, text in loki.rule_files(LOGGED).items()}
    manager = Asked(HERE.context(tmp_path), LOGIN)
    with manager, Server(tmp_path, LOGGED, rules, manager.url, here, opener(OURS)) as server:
        soon(lambda: any(path == "/api/v2/alerts" for _, path, _ in manager.got), 60)
        assert "CERTIFICATE_VERIFY_FAILED" in _status(opener(Authority()), f"{server.url}/ready")
        assert _status(opener(OURS), f"{server.url}/ready".replace("https", "http")) == 400


@NEEDED
@pytest.mark.toolchain
@pytest.mark.parametrize("trusted", [True, False], ids=["its own authority", "another one"])
def test_the_shipper_sends_only_to_a_loki_that_proves_who_it_is(tmp_path, trusted):
    (tmp_path / CA).write_text((OURS if trusted else Authority()).pem)
    with Asked(HERE.context(tmp_path), body="") as server, Shipper(tmp_path, server.url, tls=fleets.TLS) as shipper:
        shipper.write(json.dumps({"level": "info", "msg": "hello"}))
        if trusted:
            soon(lambda: any("hello" in text for _, _, text in server.got))
        else:
            soon(lambda: (tmp_path / "said").exists() and "certificate" in shipper.said())
            time.sleep(1)
            assert server.got == []
