import signal
import subprocess
import sys
import threading
import time

import pytest

from tools.setup import child, command, paths
from tools.setup.errors import SetupError
from tools.setup.progress import Step


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "log_file", lambda step: paths.log_file(step, tmp_path))
    return tmp_path / ".state" / "logs"


def test_the_output_goes_into_a_named_log(logs):
    command.run(Step("x"), "venv", ["sh", "-c", "echo out; echo err >&2"])
    assert (logs / "venv.log").read_text() == "$ sh -c 'echo out; echo err >&2'\nout\nerr\n"


def test_a_failure_shows_the_end_of_the_log_and_what_comes_next(logs):
    with pytest.raises(SetupError) as failed:
        command.run(Step("x", doing="making x"), "venv", ["sh", "-c", "echo no room; exit 3"], after="make room")
    assert failed.value.text().splitlines() == [
        "stop: making x: sh ended with 3",
        "  | $ sh -c 'echo no room; exit 3'",
        "  | no room",
        f"log:  {logs}/venv.log",
        "next: make room",
    ]


def test_a_command_cannot_ask_anything():
    command.run(Step("x"), "venv", ["sh", "-c", "! read answer && ! [ -t 0 ]"])


def interrupt_soon(monkeypatch):
    previous = signal.getsignal(signal.SIGINT)
    child.listen()
    monkeypatch.setattr(command, "POLL_SECONDS", 0.05)
    timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    return previous


@pytest.fixture
def interrupted(monkeypatch):
    numbers = (signal.SIGINT, *child.PASSED_ON)
    before = {number: signal.getsignal(number) for number in numbers}
    interrupt_soon(monkeypatch)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_an_interrupt_leaves_nothing_running(interrupted, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        command.run(Step("x"), "venv", ["sh", "-c", f"sleep 2 && touch '{tmp_path}/late'; true"])
    time.sleep(2.2)
    assert not (tmp_path / "late").exists()


def test_an_interrupt_waits_for_what_must_be_finished(interrupted, tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        command.run(Step("x"), "apt", ["sh", "-c", f"sleep 0.8; touch '{tmp_path}/whole'"], finish=True)
    assert (tmp_path / "whole").exists()
    assert "finished first" in capsys.readouterr().out


def test_a_killed_set_up_leaves_nothing_running(tmp_path):
    code = f"""
from tools.setup import command, paths
from tools.setup.progress import Step
from pathlib import Path
command.log_file = lambda step: paths.log_file(step, Path({str(tmp_path)!r}))
command.run(Step("x"), "venv", ["sh", "-c", "touch '{tmp_path}/begun'; sleep 1.5; touch '{tmp_path}/late'"])
"""
    set_up = subprocess.Popen([sys.executable, "-c", code], cwd=paths.ROOT)
    while not (tmp_path / "begun").exists():
        time.sleep(0.05)
    set_up.kill()
    set_up.wait()
    time.sleep(1.7)
    assert not (tmp_path / "late").exists()
