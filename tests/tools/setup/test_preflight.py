import time

import pytest

from tools.setup import preflight
from tools.setup.errors import SetupError
from tools.setup.finding import Level, ok, stop
from tools.setup.pending import Pending
from tools.setup.preflight import Goal


def broken():
    raise OSError("boom")


def test_probes_run_at_once_and_keep_their_order():
    def slow(name):
        return lambda: time.sleep(0.2) or ok(name, "works")

    started = time.monotonic()
    found = preflight.together([(name, slow(name)) for name in "abcdef"])
    assert [each.name for each in found] == list("abcdef")
    assert time.monotonic() - started < 0.8


def test_a_probe_that_hangs_or_breaks_is_a_warning_and_hides_no_other():
    probes = [("hangs", lambda: time.sleep(5)), ("breaks", broken), ("fine", lambda: ok("fine", "works"))]
    hangs, breaks, fine = preflight.together(probes, patience=0.2)
    assert (hangs.level, hangs.text) == (Level.WARN, "no answer within 0 s")
    assert (breaks.level, breaks.text) == (Level.WARN, "could not be tried: boom")
    assert fine.level is Level.OK


@pytest.fixture
def no_fleet_here(monkeypatch):
    monkeypatch.setattr(preflight, "_local_fleet", lambda: [("root", lambda: stop("root", "no", "sudo"))])
    monkeypatch.setattr(preflight, "_basic", lambda *_: [("disk", lambda: ok("disk", "much"))])


def test_where_no_fleet_can_run_the_demo_stops_and_says_everything(no_fleet_here, capsys):
    with pytest.raises(SetupError, match="preflight: root"):
        preflight.run(Goal.FLEET, Pending(), {}, lambda: False)
    assert "mend: sudo" in capsys.readouterr().out


def test_where_no_fleet_can_run_set_up_goes_on_with_a_warning(no_fleet_here, capsys):
    preflight.run(Goal.SETUP, Pending(), {}, lambda: False)
    assert "warn  root  no" in capsys.readouterr().out


def test_checks_that_need_no_fleet_do_not_ask_for_one(no_fleet_here, capsys):
    preflight.run(Goal.VENV, Pending(), {}, lambda: False)
    assert "root" not in capsys.readouterr().out
