"""The helper that has a part of the monitoring run what is written: checked first, and seen to stay."""

import json
import socket
import subprocess
import sys

import pytest

from tests.deploy.hosts.conftest import HELPERS, load

UNIT = "alert-threader-prometheus.service"
WORDS = "listen tcp 127.0.0.1:9090: bind: address already in use"


class Systemd:
    """A systemd with one unit: `lives` are the states in which it is found, one a look, and then for ever the last."""

    def __init__(self, *lives, state="active", fails=""):
        self.lives, self.state, self.fails, self.did = list(lives), state, fails, []

    def told(self, *words):
        if words[0] == "journalctl":
            self.did.append(words[-1])
            return 0, f"starting\n\n{WORDS}\n"
        if words[1:2] == ("show",):
            return 0, self._shown()
        if words[0] == "systemctl":
            self.did.append(words[1])
            if words[1] in ("reload", "restart"):
                self.state = "active"
                return (1, self.fails) if self.fails else (0, "")
            return 0, ""
        self.did.append("check")
        return (1, "FAILED: bad\n") if words[0] == "bad" else (0, "")

    def _shown(self):
        state, pid = (self.lives.pop(0) if len(self.lives) > 1 else self.lives[0]) if self.lives else (self.state, 1)
        return f"ActiveState={state}\nMainPID={pid}\nInvocationID=abc\n"


@pytest.fixture
def helper(monkeypatch):
    module = load("part")
    monkeypatch.setattr(module, "SETTLED", 0.02)
    monkeypatch.setattr(module, "POLL", 0.005)
    return module


def run(helper, monkeypatch, systemd, **changes):
    monkeypatch.setattr(helper, "told", systemd.told)
    return helper.run({"unit": UNIT, "verb": "reload", "check": [], "listens": None, "seconds": 0.1, **changes})


def test_what_runs_is_told_what_was_asked_for_and_stays(helper, monkeypatch):
    systemd = Systemd()
    assert run(helper, monkeypatch, systemd, check=["promtool"]) == {"state": "running", "reason": None}
    assert systemd.did == ["check", "reset-failed", "reload"]


@pytest.mark.parametrize("state", ["inactive", "failed", "activating"])
def test_what_does_not_run_is_started_whatever_was_asked_for(helper, monkeypatch, state):
    systemd = Systemd(state=state)
    assert run(helper, monkeypatch, systemd)["state"] == "running"
    assert systemd.did == ["reset-failed", "restart"]


def test_a_configuration_that_is_refused_touches_nothing(helper, monkeypatch):
    systemd = Systemd()
    assert run(helper, monkeypatch, systemd, check=["bad"]) == {"state": "refused", "reason": "FAILED: bad"}
    assert systemd.did == ["check"]


def test_a_start_that_fails_is_told_with_the_programs_words(helper, monkeypatch):
    found = run(helper, monkeypatch, Systemd(fails="Job failed."))
    assert found["state"] == "failed"
    assert found["reason"].splitlines() == ["Job failed.", "starting", WORDS]


@pytest.mark.parametrize(
    "lives",
    [
        [("active", 1), ("active", 1), ("activating", 0)],
        [("active", 1), ("active", 1), ("active", 1), ("active", 2)],
    ],
)
def test_what_crashes_soon_also_if_it_is_started_again_does_not_run(helper, monkeypatch, lives):
    systemd = Systemd(*lives)
    found = run(helper, monkeypatch, systemd)
    assert (found["state"], WORDS in found["reason"]) == ("failed", True)
    assert systemd.did[-1] == "_SYSTEMD_INVOCATION_ID=abc"


def test_what_does_not_answer_in_time_is_told(helper, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
        found = run(helper, monkeypatch, Systemd(), listens=place)
    assert found["state"] == "failed"
    assert found["reason"].startswith(f"nothing answers at {place} after 0.1 s")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_what_answers_runs(helper, monkeypatch, host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"{host}:{server.getsockname()[1]}"
        assert run(helper, monkeypatch, Systemd(), listens=place)["state"] == "running"


def test_of_a_long_story_the_last_lines_are_told(helper):
    text = "".join(f"line {number}\n\n" for number in range(100))
    assert helper.last(text).splitlines()[-1] == "line 99"
    assert len(helper.last(text).splitlines()) == helper.LINES
    assert helper.last("\n") == "it says nothing"


def test_it_answers_with_one_line_also_where_there_is_no_systemd():
    want = {"unit": UNIT, "verb": "reload", "check": ["/no/such/program"], "listens": None, "seconds": 1}
    words = [sys.executable, "-c", (HELPERS / "part.py").read_text()]
    done = subprocess.run(words, input=json.dumps(want) + "\n", capture_output=True, text=True, timeout=20)
    assert json.loads(done.stdout)["state"] == "refused"
