"""The privileged helper: a switch is whole or undone, whatever cuts it off."""

import errno
import fcntl
import json
import subprocess

import pytest

from tests.deploy.hosts.conftest import load, seal

UNIT = "alert-threader@py-a.service"
TOKEN = "1:me"
TOO = "the old generation 1.0-a is unhealthy, too"
PENDING = {"from": "1.0-a", "to": "1.1-b", "by": "tester", "token": TOKEN, "purpose": "deploy"}


@pytest.fixture
def two(host):
    """Two generations, of which the first is current."""
    host.generation("1.0-a", ready=True), host.generation("1.1-b", ready=True)
    host.helper.point("py-a", "1.0-a")
    return host


def pending(host, **content):
    (host.folder / "pending.json").write_text(json.dumps(content))


def is_pending(host):
    return (host.folder / "pending.json").exists()


def switch(host, generation="1.1-b", within="60", purpose="deploy"):
    host.helper.switch("py-a", generation, TOKEN, within, "tester", purpose)


def verdicts(host):
    return [(line["verdict"], line["from"], line["to"]) for line in host.ledger]


def files(host):
    """What lies beside the generations once a switch has ended."""
    return sorted(path.name for path in host.folder.iterdir())


def no_room(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def fill(host, monkeypatch, *kinds):
    """From now on the disk has no room for these kinds of things: link, file, line."""
    path, opened = type(host.folder), type(host.folder).open

    def open_elsewhere(self, mode="r", *words, **more):
        return no_room() if mode == "w" and host.data in self.parents else opened(self, mode, *words, **more)

    if "link" in kinds:
        monkeypatch.setattr(path, "symlink_to", no_room)
    if "file" in kinds:
        monkeypatch.setattr(path, "open", open_elsewhere)
    if "line" in kinds:
        monkeypatch.setattr(host.helper.records, "append", no_room)


# --- waiting for health


def start(host):
    return host.helper.started("py-a", True, lambda: None)


@pytest.fixture
def one(host):
    """One generation, which is current."""
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    return host


def test_an_instance_that_keeps_exiting_is_not_waited_for(one):
    one.probes, one.restarts = ["refused"], 3
    assert start(one) == "it exited, 3 restarts did not help; refused"
    assert len(one.did("show")) == 1


def test_an_instance_that_systemd_gave_up_is_not_waited_for(one):
    one.probes, one.active = ["refused"], "failed"
    assert start(one).startswith("it exited")


def test_the_last_reason_is_kept_when_the_deadline_passes(one):
    one.probes = ["HTTP 503", "connection refused"]
    assert start(one) == "connection refused, for 30 s"


def test_health_is_waited_for(one):
    one.probes = ["refused", "refused", None]
    assert start(one) is None
    assert one.helper.time.now == 1.0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"deadline": "x", "interval": null, "health": 5}'])
def test_settings_that_were_spoilt_by_hand_do_not_stop_a_going_back(one, content):
    (one.folder / "generations" / "1.0-a" / "settings.json").write_text(content)
    one.probes = ["refused"]
    assert start(one) == "refused, for 30 s"


# --- the transaction


def test_a_switch_that_is_healthy_and_confirmed_stays(two):
    two.order("confirm")
    switch(two)
    assert two.current == "generations/1.1-b"
    assert two.state == {"token": TOKEN, "state": "confirmed", "reason": None}
    assert two.did("start", "restart", "stop") == [("stop", UNIT), ("start", UNIT)]
    assert files(two) == ["current", "generations", "ledger.jsonl"]
    (line,) = two.ledger
    assert line.pop("at").endswith("Z")
    assert line == {
        "verdict": "confirmed",
        "from": "1.0-a",
        "to": "1.1-b",
        "by": "tester",
        "token": TOKEN,
        "purpose": "deploy",
        "reason": None,
    }


def test_what_runs_is_stopped_only_when_systemd_knows_what_comes_next(two):
    two.order("confirm")
    switch(two)
    verbs = [words[0] for words in two.asked if words[0] in ("daemon-reload", "stop", "reset-failed", "start")]
    assert verbs == ["daemon-reload", "stop", "reset-failed", "start"]


@pytest.mark.parametrize(("repaired", "told"), [(False, 0), (True, 1)])
def test_systemd_is_told_nothing_where_the_unit_stays_as_it_knows_it(two, repaired, told):
    for folder in (two.folder / "generations").iterdir():
        (folder / "unit.conf").write_text("[Unit]\nDescription=the same\n")
        (folder / "MANIFEST.sha256").unlink()
        seal(folder)
    if repaired:
        (two.folder / "repair-pending").touch()
    two.order("confirm")
    switch(two)
    assert two.current == "generations/1.1-b"
    assert len(two.did("daemon-reload")) == told


def test_a_switch_that_nobody_confirms_goes_back(two):
    switch(two)
    assert two.current == "generations/1.0-a"
    assert two.state["state"] == "reverted"
    assert two.state["reason"] == "nobody confirmed it within 60 s"
    assert verdicts(two) == [("unconfirmed", "1.0-a", "1.1-b")]
    assert two.did("start") == [("start", UNIT)] * 2
    assert files(two) == ["current", "generations", "ledger.jsonl"]


def test_an_order_for_another_switch_confirms_nothing(two):
    two.order("confirm", token="0:me")
    switch(two)
    assert two.state["state"] == "reverted"


def test_a_switch_that_the_controller_undoes_goes_back(two):
    two.order("undo")
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "reverted")
    assert verdicts(two) == [("undone", "1.0-a", "1.1-b")]


def test_a_switch_that_the_controller_undoes_while_it_waits_has_not_failed(two):
    two.order("undo")
    two.probes = [None, "refused", None]
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "reverted")
    assert two.state["reason"] == "undone by the controller while it waited; refused"
    assert two.ledger[-1]["verdict"] == "undone"


@pytest.mark.parametrize("purpose", ["undo", "reject"])
@pytest.mark.parametrize("word", [None, "undo", "confirm"])
def test_the_way_back_of_a_failed_rollout_is_not_undone_and_needs_nobody(two, purpose, word):
    if word:
        two.order(word)
    two.probes = [None, "refused", None]
    switch(two, purpose=purpose)
    assert (two.current, two.state["state"]) == ("generations/1.1-b", "confirmed")
    assert two.ledger[-1]["purpose"] == purpose


def test_an_instance_that_does_not_get_healthy_goes_back_with_its_reason(two):
    two.probes = [None] + ["HTTP 500"] * 61 + [None]
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "failed")
    assert two.state["reason"] == "HTTP 500, for 30 s"
    assert verdicts(two) == [("failed", "1.0-a", "1.1-b")]


def test_a_generation_is_not_to_blame_where_the_old_one_is_not_healthy_any_more_either(two):
    two.probes = [None, "HTTP 500"]
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "failed")
    assert two.state["reason"] == f"HTTP 500, for 30 s; {TOO}: HTTP 500, for 30 s"
    assert verdicts(two) == [("unconfirmed", "1.0-a", "1.1-b")]


def test_that_the_old_one_was_ill_before_and_is_ill_again_excuses_nothing(two):
    two.probes = ["HTTP 500"]
    switch(two)
    assert two.state["reason"] == f"HTTP 500, for 30 s; {TOO}: HTTP 500, for 30 s"
    assert verdicts(two) == [("failed", "1.0-a", "1.1-b")]


def test_what_was_not_ready_before_has_only_to_get_as_well_as_it_was(two):
    two.ready = ["HTTP 503"]
    two.probes = [None] + ["HTTP 500"] * 61 + [None]
    switch(two)
    assert (two.state["reason"], two.ledger[-1]["verdict"]) == ("HTTP 500, for 30 s", "failed")


def test_a_unit_that_does_not_start_goes_back(two):
    two.fails = True
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "failed")
    assert two.state["reason"].startswith(f"systemd could not start {UNIT}: Job failed.")


def test_a_first_generation_that_fails_leaves_nothing_running(host):
    host.generation("1.0-a")
    host.probes = ["refused"]
    switch(host, "1.0-a")
    assert (host.current, host.state["state"]) == (None, "failed")
    assert host.did("start", "stop") == [("stop", UNIT), ("start", UNIT), ("stop", UNIT)]
    assert not is_pending(host)


def test_a_damaged_generation_is_refused_and_what_runs_is_not_touched(two):
    (two.folder / "generations" / "1.1-b" / "env").write_text("edited")
    switch(two)
    assert (two.current, two.did("start", "stop")) == ("generations/1.0-a", [])
    assert two.state == {"token": TOKEN, "state": "failed", "reason": "generation 1.1-b is damaged: env"}
    assert verdicts(two) == [("refused", "1.0-a", "1.1-b")]
    assert not is_pending(two)


def test_what_was_marked_for_a_restart_is_not_after_a_switch(two):
    (two.folder / "repair-pending").write_text("")
    two.order("confirm")
    switch(two, "1.0-a")
    assert not (two.folder / "repair-pending").exists()


def test_a_link_to_nonsense_is_nothing_to_go_back_to(host):
    host.generation("1.0-a")
    (host.folder / "current").symlink_to("/etc")
    host.probes = ["refused"]
    switch(host, "1.0-a")
    assert host.current is None


# --- readiness


@pytest.mark.parametrize(
    ("before", "active", "after", "state"),
    [
        (None, "active", None, "confirmed"),
        (None, "active", "HTTP 503", "failed"),
        ("HTTP 503", "active", "HTTP 503", "confirmed"),
        ("HTTP 503", "failed", "HTTP 503", "failed"),
    ],
)
def test_it_has_to_get_ready_unless_what_it_replaces_ran_and_was_not(two, before, active, after, state):
    two.order("confirm")
    two.ready = [before, after] if active == "active" else [after]
    two.active = active
    switch(two)
    assert two.state["state"] == state


@pytest.mark.parametrize(
    ("after", "verdict", "told"),
    [
        (["HTTP 503"] * 70 + [None], "failed", "HTTP 503, for 30 s"),
        (["HTTP 503"], "unconfirmed", f"HTTP 503, for 30 s; {TOO}: HTTP 503, for 30 s"),
    ],
)
def test_a_generation_is_not_to_blame_where_the_old_one_does_not_get_ready_again_either(two, after, verdict, told):
    """A link that is cut, say, or a store that is gone: the next deploy may try this generation again."""
    two.ready = [None, *after]
    switch(two)
    assert two.state == {"token": TOKEN, "state": "failed", "reason": told}
    assert (two.current, two.ledger[-1]["verdict"]) == ("generations/1.0-a", verdict)
    assert two.did("start") == [("start", UNIT)] * 2


def test_a_first_generation_that_does_not_get_ready_has_failed(host):
    host.generation("1.0-a", ready=True)
    host.ready = ["HTTP 503"]
    switch(host, "1.0-a")
    assert host.ledger[-1]["verdict"] == "failed"


def test_a_first_generation_has_to_get_ready(host):
    host.generation("1.0-a", ready=True)
    host.order("confirm")
    host.ready = ["HTTP 503"]
    switch(host, "1.0-a")
    assert host.state["reason"].startswith("HTTP 503, for 30 s")


def test_what_was_undone_and_went_back_has_to_be_healthy_only(two):
    two.order("undo")
    two.ready = [None, None, "HTTP 503"]
    switch(two)
    assert (two.state["reason"], two.ledger[-1]["verdict"]) == ("undone by the controller", "undone")


# --- the port


def test_a_port_that_another_instance_is_about_to_leave_is_waited_for(two):
    two.order("confirm")
    two.port = ["another process has port 1"] * 20 + [None]
    switch(two)
    assert two.state["state"] == "confirmed"
    assert two.did("start") == [("start", UNIT)]


def test_an_instance_whose_port_never_gets_free_is_not_started_and_goes_back(two):
    two.port = ["another process has port 1"] * 302 + [None]
    two.active = "inactive"
    switch(two)
    assert two.state["state"] == "failed"
    assert two.state["reason"] == "another process has port 1, for 30 s"
    assert two.ledger[-1]["verdict"] == "unconfirmed"
    assert two.did("start") == [("start", UNIT)]
    assert two.current == "generations/1.0-a"


def test_a_wait_for_a_port_ends_when_the_controller_undoes_it(two):
    two.order("undo")
    two.port = ["another process has port 1"] * 2 + [None]
    switch(two)
    assert two.ledger[-1]["verdict"] == "undone"


def test_going_back_says_so_before_it_waits_for_a_port_that_another_instance_has(two, monkeypatch):
    """Who has the port may wait for this word; the old one is started in the end, whoever has the port."""
    told = []
    monkeypatch.setattr(two.helper, "tell", lambda name, token, state, reason=None: told.append(state))
    two.probes = [None] + ["HTTP 500"] * 61 + [None]
    two.port = [None, "another process has port 1"]
    switch(two)
    assert told == ["switching", "failing", "failed"]
    assert two.did("start") == [("start", UNIT)] * 2


# --- a stop


def test_a_stop_that_is_confirmed_removes_what_is_current(two):
    two.order("confirm")
    switch(two, "-")
    assert (two.current, two.state["state"]) == (None, "confirmed")
    assert two.did("start", "stop") == [("stop", UNIT)]
    assert verdicts(two) == [("stopped", "1.0-a", None)]
    assert not is_pending(two)


def test_a_stop_that_nobody_confirms_goes_back(two):
    switch(two, "-")
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "reverted")
    assert two.did("start", "stop")[-1] == ("start", UNIT)


def test_a_unit_that_does_not_stop_goes_back(two):
    two.stuck = True
    switch(two, "-")
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "failed")
    assert two.state["reason"].startswith(f"systemd could not stop {UNIT}: Job failed.")


@pytest.mark.parametrize("name", ["py-a", None])
def test_a_stop_that_was_cut_off_goes_back(two, name):
    two.helper.point("py-a", None)
    pending(two, **{**PENDING, "to": None})
    two.helper.settle(name)
    assert two.current == "generations/1.0-a"
    assert verdicts(two) == [("reverted", "1.0-a", None)]


def test_a_start_of_what_did_not_run_before_that_was_cut_off_stops(two):
    pending(two, **{**PENDING, "from": None})
    two.helper.settle("py-a")
    assert two.current is None
    assert two.did("start", "stop") == [("stop", UNIT)]


# --- a full disk


@pytest.mark.parametrize("kinds", [("link",), ("file",), ("link", "file", "line")])
def test_on_a_full_disk_a_switch_touches_nothing(two, monkeypatch, kinds):
    fill(two, monkeypatch, *kinds)
    switch(two)
    assert (two.current, two.did("start", "stop")) == ("generations/1.0-a", [])
    assert two.state["state"] == "failed"
    assert "nothing was touched" in two.state["reason"]
    assert "No space left on device" in two.state["reason"]
    assert not is_pending(two)


@pytest.mark.parametrize("kinds", [("line",), ("link", "file", "line")])
def test_on_a_disk_that_gets_full_meanwhile_the_old_generation_is_started_all_the_same(two, monkeypatch, capsys, kinds):
    def look(*_, **__):
        if two.current == "generations/1.0-a":
            return None
        fill(two, monkeypatch, *kinds)
        return "HTTP 500"

    monkeypatch.setattr(two.helper, "unwell", look)
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "failed")
    assert two.did("start") == [("start", UNIT)] * 2
    assert not is_pending(two)
    assert '"verdict": "failed"' in capsys.readouterr().err


def test_where_nothing_can_be_renamed_the_record_stays_for_the_next_settling(two, monkeypatch):
    two.probes = ["HTTP 500"]
    real = two.helper.point

    def read_only(name, generation):
        if generation == "1.0-a":
            raise OSError(errno.EROFS, "Read-only file system")
        real(name, generation)

    monkeypatch.setattr(two.helper, "point", read_only)
    switch(two)
    assert is_pending(two)
    assert two.state["state"] == "stuck"
    assert "`current` could not be led back: [Errno 30] Read-only file system" in two.state["reason"]


def test_a_switch_that_can_not_be_confirmed_for_good_goes_back(two, monkeypatch):
    two.order("confirm")
    real, broken = two.helper.finish, [True]

    def once(name):
        if broken.pop() if broken else False:
            raise OSError(errno.EIO, "Input/output error")
        real(name)

    monkeypatch.setattr(two.helper, "finish", once)
    switch(two)
    assert (two.current, two.state["state"]) == ("generations/1.0-a", "reverted")
    assert "could not be confirmed" in two.state["reason"]
    assert two.ledger[-1]["verdict"] == "unconfirmed"


# --- after a cut


def test_a_switch_whose_process_died_is_undone_and_started(two):
    two.helper.point("py-a", "1.1-b")
    pending(two, **PENDING)
    two.helper.settle("py-a")
    assert two.current == "generations/1.0-a"
    assert two.did("start") == [("start", UNIT)]
    assert two.state == {"token": TOKEN, "state": "reverted", "reason": "the switch was cut off"}
    assert verdicts(two) == [("reverted", "1.0-a", "1.1-b")]
    assert not is_pending(two)


def test_at_boot_only_the_link_moves_since_the_threaders_start_later(two):
    two.helper.point("py-a", "1.1-b")
    pending(two, **PENDING)
    two.helper.settle()
    assert two.current == "generations/1.0-a"
    assert two.asked == [("daemon-reload",)]


def test_while_the_host_stops_only_the_link_moves_since_nothing_can_be_started(two):
    two.helper.point("py-a", "1.1-b")
    pending(two, **PENDING)
    two.system = "stopping"
    two.helper.settle("py-a")
    assert two.current == "generations/1.0-a"
    assert two.did("start", "stop") == []


def test_settling_twice_changes_nothing_more(two):
    pending(two, **PENDING)
    two.helper.settle("py-a")
    asked = list(two.asked)
    two.helper.settle("py-a")
    assert (two.asked, len(two.ledger)) == (asked, 1)


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", '"x"', "{}", '{"to": "1.1-b"}', '{"from": "1.0-a"}', "\0\xff"),
        *('{"from": 5, "token": "1:me"}', '{"from": "../../../etc", "token": "1:me"}'),
    ],
)
@pytest.mark.parametrize("name", ["py-a", None])
def test_a_spoilt_record_is_nothing_to_go_back_to_and_is_removed(two, content, name):
    (two.folder / "pending.json").write_text(content)
    two.helper.settle(name)
    assert (two.current, is_pending(two)) == ("generations/1.0-a", False)
    assert two.did("start", "stop") == []


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_switch_survives_a_spoilt_record(two, content):
    (two.folder / "pending.json").write_text(content)
    two.order("confirm")
    switch(two)
    assert two.state["state"] == "confirmed"


def test_a_switch_that_follows_a_cut_one_starts_from_what_ran_before_both(two):
    two.generation("1.2-c")
    two.helper.point("py-a", "1.1-b")
    pending(two, **PENDING)
    two.order("confirm")
    switch(two, "1.2-c")
    assert verdicts(two) == [("reverted", "1.0-a", "1.1-b"), ("confirmed", "1.0-a", "1.2-c")]


# --- what controllers ask


@pytest.fixture
def leased(two):
    assert two.helper.records.lease(TOKEN, "45", "tester", "deploy") == {"state": "granted"}
    return two


@pytest.fixture
def systemd_run(leased, monkeypatch):
    """Instead of systemd-run, a switch that is over at once; the words that it was asked with."""
    asked = []

    def run(words, **_):
        asked.append(words)
        leased.helper.tell("py-a", TOKEN, "healthy")
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(leased.helper.subprocess, "run", run)
    return asked


def begin(host, token=TOKEN):
    return host.helper.begin("py-a", "1.1-b", token, "60", "tester", "deploy")


def test_a_switch_is_begun_under_a_unit_that_settles_it_when_it_dies(leased, systemd_run):
    assert begin(leased)["state"] == "healthy"
    (words,) = systemd_run
    assert words[0] == "systemd-run"
    assert "--unit=alert-threader-activate-py-a" in words
    (settling,) = (word for word in words if word.startswith("--property=ExecStopPost="))
    assert settling.endswith(" settle py-a'")
    assert words[-7:] == ["switch", "py-a", "1.1-b", TOKEN, "60", "tester", "deploy"]


def test_what_was_said_of_an_earlier_switch_with_the_same_token_is_not_said_of_the_next(leased, monkeypatch):
    leased.helper.tell("py-a", TOKEN, "confirmed")
    leased.order("undo")
    done = subprocess.CompletedProcess((), 0, "", "")
    monkeypatch.setattr(leased.helper.subprocess, "run", lambda *_, **__: done)
    assert begin(leased)["state"] == "lost"
    assert leased.helper.said("py-a", TOKEN) is None


@pytest.mark.parametrize("token", ["1:you", "2:me", "0:me", "t1", ""])
def test_only_the_holder_of_the_lease_begins_and_confirms(leased, systemd_run, token):
    for answer in (begin(leased, token), leased.helper.confirm("py-a", token)):
        assert (answer["state"], answer["counter"]) == ("superseded", 1)
        assert "tester has the fleet for a deploy (r1)" in answer["reason"]
    assert systemd_run == []
    assert not (leased.run / "py-a.order").exists()


def test_without_a_lease_nobody_begins(two):
    assert begin(two) == {"state": "superseded", "counter": 0, "reason": "this host knows of no lease"}


def test_after_the_lease_was_given_back_nothing_is_begun_with_it(leased, systemd_run):
    leased.helper.records.release(TOKEN)
    assert begin(leased)["state"] == "superseded"


def test_a_lease_that_has_only_expired_is_its_holders_still_and_writing_renews_it(leased, systemd_run):
    leased.helper.time.now = 1000.0
    assert begin(leased)["state"] == "healthy"
    assert leased.lease["renewed"] == 1000.0


def test_the_holder_confirms_also_on_a_full_disk(leased, monkeypatch):
    leased.helper.tell("py-a", TOKEN, "confirmed")
    fill(leased, monkeypatch, "file")
    assert leased.helper.confirm("py-a", TOKEN)["state"] == "confirmed"


def test_a_second_switch_is_not_begun_beside_one_that_is_alive(leased, systemd_run):
    leased.alive = "active"
    leased.helper.tell("py-a", "0:you", "healthy")
    assert begin(leased)["state"] == "busy"
    assert leased.state["token"] == "0:you"
    assert systemd_run == []


@pytest.mark.parametrize("state", ["failed", "confirmed", "reverted", "stuck"])
def test_one_that_is_decided_and_about_to_leave_is_waited_for(leased, systemd_run, monkeypatch, state):
    answers = [True, True, False]
    monkeypatch.setattr(leased.helper, "alive", lambda name: answers.pop(0) if answers else False)
    leased.helper.tell("py-a", "0:you", state)
    assert begin(leased)["state"] == "healthy"
    assert leased.helper.restart("py-a", "health-check")["state"] == "restarted"


def test_a_switch_that_systemd_does_not_start_has_failed(leased, monkeypatch):
    done = subprocess.CompletedProcess((), 1, "", "No such thing\n")
    monkeypatch.setattr(leased.helper.subprocess, "run", lambda *_, **__: done)
    assert begin(leased) == {"state": "failed", "reason": "No such thing"}


def test_the_state_of_another_switch_is_not_reported(host):
    host.helper.tell("py-a", "0:me", "confirmed")
    assert host.helper.report("py-a", TOKEN, host.helper.DECIDED)["state"] == "lost"


def test_a_state_that_is_decided_is_reported_also_when_its_process_is_gone(host):
    host.helper.tell("py-a", TOKEN, "failed", "HTTP 500")
    found = host.helper.report("py-a", TOKEN, host.helper.DECIDED)
    assert found == {"token": TOKEN, "state": "failed", "reason": "HTTP 500"}


def test_a_late_confirmation_is_answered_with_how_it_ended(leased):
    leased.helper.tell("py-a", TOKEN, "reverted", "nobody confirmed it within 60 s")
    assert leased.helper.confirm("py-a", TOKEN)["state"] == "reverted"


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        ("confirmed", "confirmed"),
        ("stopped", "confirmed"),
        ("failed", "failed"),
        ("refused", "failed"),
        ("reverted", "reverted"),
        ("unconfirmed", "reverted"),
    ],
)
@pytest.mark.parametrize("verb", ["confirm", "undo"])
def test_how_a_switch_ended_is_known_after_a_reboot_too(leased, verb, verdict, state):
    leased.helper.record("py-a", verdict, {"token": TOKEN}, "why")
    leased.helper.record("py-a", "restarted", {"from": "1.0-a", "to": "1.0-a", "by": "health-check"})
    found = getattr(leased.helper, verb)("py-a", TOKEN)
    assert found == {"token": TOKEN, "state": state, "reason": "why"}


@pytest.mark.parametrize("line", ["", "nonsense", "[]", '{"token": "0:you", "verdict": "confirmed"}'])
def test_a_switch_of_which_the_ledger_says_nothing_is_lost(leased, line):
    (leased.folder / "ledger.jsonl").write_text(line)
    assert leased.helper.undo("py-a", TOKEN)["state"] == "lost"


def test_an_undo_needs_no_lease(two):
    two.helper.tell("py-a", TOKEN, "reverted")
    assert two.helper.undo("py-a", TOKEN)["state"] == "reverted"
    assert two.helper.said("py-a", TOKEN) == "undo"


def test_an_undo_puts_back_itself_what_a_dead_switch_left(two):
    two.helper.point("py-a", "1.1-b")
    pending(two, **PENDING)
    assert two.helper.undo("py-a", TOKEN)["state"] == "reverted"
    assert two.current == "generations/1.0-a"


def test_an_undo_leaves_no_word_for_a_switch_that_another_one_has_followed(two):
    two.helper.tell("py-a", "9:you", "healthy")
    two.order("confirm", "9:you")
    assert two.helper.undo("py-a", TOKEN)["state"] == "lost"
    assert two.helper.said("py-a", "9:you") == "confirm"


@pytest.mark.parametrize("before", [None, "0:earlier"])
def test_a_switch_that_is_undone_before_it_begins_never_begins(leased, before):
    if before:
        leased.helper.tell("py-a", before, "confirmed")
    assert leased.helper.undo("py-a", TOKEN)["state"] == "lost"
    found = leased.helper.begin("py-a", "1.0-a", TOKEN, "60", "somebody", "deploy")
    assert found == {"state": "reverted", "reason": "the controller undid it before it began"}


def test_an_undo_leaves_alone_what_another_switch_left(two):
    pending(two, **PENDING)
    assert two.helper.undo("py-a", "0:you")["state"] == "lost"
    assert is_pending(two)


# --- the health check


def test_a_restart_for_the_health_check_is_recorded(two):
    assert two.helper.restart("py-a", "health-check") == {"state": "restarted", "reason": None}
    assert two.did("restart") == [("restart", UNIT)]
    assert verdicts(two) == [("restarted", "1.0-a", "1.0-a")]
    assert two.ledger[-1]["by"] == "health-check"


def test_a_restart_that_fails_says_why(two):
    two.fails = True
    assert two.helper.restart("py-a", "health-check") == {"state": "failed", "reason": "Job failed."}
    assert two.ledger[-1]["reason"] == "Job failed."


def test_nothing_is_restarted_where_nothing_is_activated(host):
    assert host.helper.restart("py-a", "health-check")["state"] == "failed"
    assert host.did("restart") == []


def test_a_restart_settles_what_a_dead_switch_left(two):
    two.helper.point("py-a", "1.1-b")
    pending(two, **PENDING)
    assert two.helper.restart("py-a", "health-check")["state"] == "reverted"
    assert two.current == "generations/1.0-a"
    assert (two.did("restart"), two.did("start")) == ([], [("start", UNIT)])


@pytest.mark.parametrize("state", ["active", "activating", "deactivating"])
def test_nothing_is_restarted_beside_a_switch_that_is_about_to_begin_or_to_be_settled(two, state):
    two.alive = state
    pending(two, **PENDING)
    assert two.helper.restart("py-a", "health-check")["state"] == "busy"
    assert is_pending(two)


def test_nothing_is_restarted_beside_a_switch_that_holds_its_lock(two):
    with two.helper.locked("py-a"):
        assert two.helper.restart("py-a", "health-check")["state"] == "busy"
    assert two.did("restart") == []


def test_a_switch_holds_a_lock_that_anybody_can_see(two, monkeypatch):
    seen = []

    def look(*_, **__):
        with (two.run / "py-a.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                seen.append("held")

    monkeypatch.setattr(two.helper, "unwell", look)
    two.order("confirm")
    switch(two)
    assert "held" in seen
    seen.clear()
    look()
    assert seen == []


# --- survey


def test_a_survey_says_of_each_instance_why_it_is_not_well(two, monkeypatch):
    (two.data / "py-b" / "generations").mkdir(parents=True)
    assert two.helper.survey() == {"py-a": None, "py-b": "nothing is activated"}
    two.ready = ["HTTP 503"]
    assert two.helper.survey("py-a", "py-z") == {"py-a": "HTTP 503", "py-z": "nothing is activated"}


# --- the command line


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("lease", "t1", "45", "me", "deploy"), {"state": "failed", "reason": "'t1' is no token: COUNTER:CONTROLLER"}),
        (("lease", "1:me", "long", "me", "deploy"), {"state": "failed", "reason": "could not convert"}),
        (("lease", "1:me", "45", "me", "deploy"), {"state": "granted"}),
        (("release", "2:me"), {"state": "superseded"}),
        (("note", "{"), {"state": "failed", "reason": "no JSON"}),
        (("survey",), {"py-a": None}),
    ],
)
def test_every_answer_is_one_line_of_json(two, capsys, words, answer):
    two.helper.main(list(words))
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert {name: value and found[name][: len(value)] for name, value in answer.items()} == answer


def test_a_full_disk_is_an_answer_too(two, capsys, monkeypatch):
    fill(two, monkeypatch, "file")
    two.helper.main(["lease", TOKEN, "45", "me", "deploy"])
    assert "No space left on device" in json.loads(capsys.readouterr().out)["reason"]


@pytest.mark.parametrize("words", [[], ["nonsense"]])
def test_without_a_verb_it_says_what_it_can_do(words):
    with pytest.raises(SystemExit, match="activate begin INSTANCE"):
        load("activate").main(words)
