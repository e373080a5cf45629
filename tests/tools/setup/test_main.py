import signal

import pytest

from tools.setup import __main__ as program
from tools.setup import child, paths
from tools.setup.errors import SetupError


@pytest.fixture(autouse=True)
def aside(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "log_file", lambda step: paths.log_file(step, tmp_path))
    monkeypatch.setattr(program.ownership, "give_back", lambda _: 0)
    numbers = (signal.SIGINT, *child.PASSED_ON)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def verb(monkeypatch, error):
    def run(_):
        raise error

    monkeypatch.setitem(program.VERBS, "setup", run)
    return program.main(["setup"])


def test_an_unknown_verb_names_the_list_of_verbs(capsys):
    assert program.main(["instal"]) == 2
    assert "next: make help" in capsys.readouterr().err


def test_a_foreseen_error_says_what_comes_next(monkeypatch, capsys):
    assert verb(monkeypatch, SetupError("no room", "make room")) == 1
    assert capsys.readouterr().err == "stop: no room\nnext: make room\n"


def test_an_unforeseen_error_shows_no_traceback_but_where_it_is(monkeypatch, capsys, tmp_path):
    assert verb(monkeypatch, OSError("disk on fire")) == 1
    said = capsys.readouterr().err
    assert said.startswith("stop: OSError: disk on fire\nlog:  ")
    assert "Traceback" not in said
    assert "Traceback" in (tmp_path / ".state" / "logs" / "unexpected.log").read_text()


def test_an_interrupt_says_that_the_same_command_goes_on(monkeypatch, capsys):
    assert verb(monkeypatch, child.Stopped(2)) == 130
    assert "make setup    (it goes on where it was)" in capsys.readouterr().err
