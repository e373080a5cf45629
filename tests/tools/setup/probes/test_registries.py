from tools.setup.finding import Level
from tools.setup.probes import registries
from tools.setup.probes.registries import reason

PIP = (
    "WARNING: Retrying (total=0) after connection broken by 'NewConnectionError('<pip.HTTPConnection object at 0x7f5>: "
    "Failed to establish a new connection: [Errno 111] Connection refused')': /simple/a/\n"
    "ERROR: No matching distribution found for a==1\n"
)


def test_pips_reason_is_found_inside_its_warning():
    assert reason(PIP) == "[Errno 111] Connection refused"


def test_gos_reason_is_what_comes_last():
    assert reason('go: x.org/a@v1: Get "http://proxy/x": dial tcp: connect: network is unreachable\n') == (
        "network is unreachable"
    )


def test_a_silent_failure_is_still_a_failure():
    assert reason("") == "no reason given"


def test_pip_is_asked_as_it_is_configured(tmp_path, monkeypatch):
    monkeypatch.setattr(registries, "TRY_SECONDS", 60.0)  # pip itself may take long to start here
    (tmp_path / "lock").write_text("# made by x\nannotated-doc==0.0.7 \\\n    --hash=sha256:0a\n")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": ""}
    found = registries.pip(tmp_path / "lock", env)
    assert (found.level, found.text) == (Level.STOP, "its index does not answer: [Errno 111] Connection refused")


def test_go_is_asked_as_it_is_configured_and_only_warned_about_when_it_is_not_needed(tmp_path, monkeypatch):
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go: no proxy: refused >&2; exit 1\n")
    go.chmod(0o755)
    monkeypatch.setattr(registries.go, "find", lambda _: str(go))
    assert registries.go_proxy("x.org/a@v1", {}, lambda: True).level is Level.STOP
    assert registries.go_proxy("x.org/a@v1", {}, lambda: False).level is Level.WARN
