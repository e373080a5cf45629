"""The privileged helper: a switch is whole or undone, whatever cuts it off."""

import http.server
import json
import subprocess
import sys
import threading

import pytest

from tests.deploy.hosts.conftest import load

UNIT = "alert-threader@py-a.service"


def pending(host, **content):
    (host.folder / "pending.json").write_text(json.dumps(content))


def is_pending(host):
    return (host.folder / "pending.json").exists()


# --- the link


def test_current_names_a_generation_of_the_instance(host):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    assert host.current == "generations/1.0-a"
    assert host.helper.current("py-a") == "1.0-a"


def test_pointing_leaves_nothing_beside_the_link_even_after_a_cut(host):
    (host.folder / ".current").symlink_to("generations/left-over")
    host.helper.point("py-a", "1.0-a")
    assert sorted(path.name for path in host.folder.iterdir()) == ["current", "generations"]


def test_pointing_at_nothing_removes_the_link(host):
    host.helper.point("py-a", "1.0-a")
    host.helper.point("py-a", None)
    host.helper.point("py-a", None)
    assert host.current is None


@pytest.mark.parametrize(
    "target",
    ["generations/gone", "/etc", "generations", "generations/1.0-a/release", "../py-b/generations/x", "current"],
)
def test_a_link_that_leads_to_no_generation_of_the_instance_names_none(host, target):
    host.generation("1.0-a")
    (host.data / "py-b" / "generations" / "x").mkdir(parents=True)
    (host.folder / "current").symlink_to(target)
    assert host.helper.current("py-a") is None


def test_a_folder_in_the_place_of_the_link_names_no_generation(host):
    (host.folder / "current").mkdir()
    assert host.helper.current("py-a") is None


# --- checksums


def test_a_generation_as_staged_is_not_damaged(host):
    host.generation("1.0-a")
    assert host.helper.damage("py-a", "1.0-a") is None


def edited(folder):
    (folder / "release" / "run").write_text("#!/bin/sh\nrm -rf /\n")


def longer(folder):
    (folder / "release" / "more.py").write_text("")


def shorter(folder):
    (folder / "env").unlink()


def linked(folder):
    (folder / "release" / "lib").symlink_to("/usr/lib")


def unsealed(folder):
    (folder / "MANIFEST.sha256").write_text("nonsense\n")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (edited, "release/run"),
        (longer, "release/more.py"),
        (shorter, "env"),
        (linked, "release/lib"),
        (unsealed, "MANIFEST.sha256"),
    ],
)
def test_damage_is_named(host, change, name):
    change(host.generation("1.0-a"))
    assert host.helper.damage("py-a", "1.0-a") == f"generation 1.0-a is damaged: {name}"


def test_a_generation_that_was_never_staged_is_not_on_the_host(host):
    assert host.helper.damage("py-a", "1.0-a") == "generation 1.0-a is not on this host"


# --- health


class Answering(http.server.BaseHTTPRequestHandler):
    answer = b""

    def do_GET(self):
        self.wfile.write(self.answer)

    def log_message(self, *words):
        pass


def answered(body, status="200 OK"):
    return f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answered('{"status": "ok", "more": 1}'), None),
        (answered('{"status": "degraded"}'), "says status 'degraded'"),
        (answered("{}"), "says status None"),
        (answered('{"status": "ok"}', "503 Service Unavailable"), "HTTP 503 from"),
        (answered("ok"), "no healthy answer from"),
        (answered('["status", "ok"]'), "no healthy answer from"),
        (answered("[" * 60000), "no healthy answer from"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no healthy answer from"),
        (b"\xff\xfe" * 100, "no healthy answer from"),
        (b"", "no healthy answer from"),
    ],
)
def test_only_an_instance_that_says_that_it_is_ok_is_healthy(server, answer, reason):
    Answering.answer = answer
    found = load("activate").probe(f"http://127.0.0.1:{server.server_port}/health")
    assert (found is None) if reason is None else (reason in found)


def test_where_nothing_listens_nobody_is_healthy():
    assert load("activate").probe("http://127.0.0.1:1/health").startswith("no healthy answer from http://127.0.0.1:1/")


def test_a_url_that_is_none_is_a_reason_and_no_error():
    assert "no healthy answer" in load("activate").probe("None")


def test_an_instance_that_keeps_exiting_is_not_waited_for(host):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    host.probes, host.restarts = ["refused"], 3
    assert host.helper.unhealthy("py-a").startswith("it exited")
    assert len(host.did("show")) == 1


def test_the_last_reason_is_kept_when_the_deadline_passes(host):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    host.probes = ["HTTP 503", "connection refused"]
    assert host.helper.unhealthy("py-a") == "connection refused, for 30 s"


def test_health_is_waited_for(host):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    host.probes = ["refused", "refused", None]
    assert host.helper.unhealthy("py-a") is None
    assert host.helper.time.now == 1.0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"deadline": "x", "interval": null, "health": 5}'])
def test_settings_that_were_spoilt_by_hand_do_not_stop_a_going_back(host, content):
    (host.generation("1.0-a") / "settings.json").write_text(content)
    host.helper.point("py-a", "1.0-a")
    host.probes = ["refused"]
    assert host.helper.unhealthy("py-a") == "refused, for 30 s"


# --- the transaction


def switch(host, generation, within="60"):
    host.helper.switch("py-a", generation, "t1", within, "tester")


def test_a_switch_that_is_healthy_and_confirmed_stays(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.0-a")
    host.order("confirm")
    switch(host, "1.1-b")
    assert host.current == "generations/1.1-b"
    assert host.state == {"token": "t1", "state": "confirmed", "reason": None}
    assert not is_pending(host)
    assert host.did("restart", "stop") == [("restart", UNIT)]
    assert [(line["verdict"], line["from"], line["to"], line["by"]) for line in host.ledger] == [
        ("confirmed", "1.0-a", "1.1-b", "tester")
    ]


def test_a_switch_that_nobody_confirms_goes_back(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.0-a")
    switch(host, "1.1-b")
    assert host.current == "generations/1.0-a"
    assert host.state["state"] == "reverted"
    assert host.state["reason"] == "nobody confirmed it within 60 s"
    assert host.ledger[-1]["verdict"] == "unconfirmed"
    assert host.did("restart") == [("restart", UNIT)] * 2
    assert not is_pending(host)


def test_an_order_for_another_switch_confirms_nothing(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.0-a")
    host.order("confirm", token="t0")
    switch(host, "1.1-b")
    assert host.state["state"] == "reverted"


def test_a_switch_that_the_controller_undoes_goes_back(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.0-a")
    host.order("undo")
    switch(host, "1.1-b")
    assert (host.current, host.state["state"]) == ("generations/1.0-a", "reverted")
    assert host.ledger[-1]["verdict"] == "undone"


def test_an_instance_that_does_not_get_healthy_goes_back_with_its_reason(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.0-a")
    host.probes = ["HTTP 500"]
    switch(host, "1.1-b")
    assert (host.current, host.state["state"]) == ("generations/1.0-a", "failed")
    assert host.state["reason"].startswith("HTTP 500, for 30 s; the old generation 1.0-a is unhealthy, too")


def test_a_unit_that_does_not_start_goes_back(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.0-a")
    host.fails = True
    switch(host, "1.1-b")
    assert (host.current, host.state["state"]) == ("generations/1.0-a", "failed")
    assert host.state["reason"].startswith(f"systemd could not start {UNIT}: Job failed.")


def test_a_first_generation_that_fails_leaves_nothing_running(host):
    host.generation("1.0-a")
    host.probes = ["refused"]
    switch(host, "1.0-a")
    assert (host.current, host.state["state"]) == (None, "failed")
    assert host.did("restart", "stop") == [("restart", UNIT), ("stop", UNIT)]
    assert not is_pending(host)


def test_a_damaged_generation_is_refused_and_what_runs_is_not_touched(host):
    host.generation("1.0-a"), edited(host.generation("1.1-b"))
    host.helper.point("py-a", "1.0-a")
    switch(host, "1.1-b")
    assert (host.current, host.did("restart", "stop")) == ("generations/1.0-a", [])
    assert host.state["state"] == "failed"
    assert host.ledger[-1]["verdict"] == "refused"


def test_what_was_marked_for_a_restart_is_not_after_a_switch(host):
    host.generation("1.0-a")
    (host.folder / "repair-pending").write_text("")
    host.order("confirm")
    switch(host, "1.0-a")
    assert not (host.folder / "repair-pending").exists()


def test_a_link_to_nonsense_is_nothing_to_go_back_to(host):
    host.generation("1.0-a")
    (host.folder / "current").symlink_to("/etc")
    host.probes = ["refused"]
    switch(host, "1.0-a")
    assert host.current is None


# --- after a cut


def test_a_switch_whose_process_died_is_undone_and_restarted(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.1-b")
    pending(host, **{"from": "1.0-a", "to": "1.1-b", "by": "tester", "token": "t1"})
    host.helper.settle("py-a")
    assert host.current == "generations/1.0-a"
    assert host.did("restart") == [("restart", UNIT)]
    assert host.state == {"token": "t1", "state": "reverted", "reason": "the switch was cut off"}
    assert host.ledger[-1]["verdict"] == "reverted"
    assert not is_pending(host)


def test_at_boot_only_the_link_moves_since_the_threaders_start_later(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.1-b")
    pending(host, **{"from": "1.0-a", "to": "1.1-b", "by": "tester", "token": "t1"})
    host.helper.settle()
    assert host.current == "generations/1.0-a"
    assert host.asked == [("daemon-reload",)]


def test_while_the_host_stops_only_the_link_moves_since_nothing_can_be_started(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    host.helper.point("py-a", "1.1-b")
    pending(host, **{"from": "1.0-a", "to": "1.1-b", "by": "tester", "token": "t1"})
    host.system = "stopping"
    host.helper.settle("py-a")
    assert host.current == "generations/1.0-a"
    assert host.did("restart") == []


def test_settling_twice_changes_nothing_more(host):
    host.generation("1.0-a"), host.generation("1.1-b")
    pending(host, **{"from": "1.0-a", "to": "1.1-b", "by": "tester", "token": "t1"})
    host.helper.settle("py-a")
    asked = list(host.asked)
    host.helper.settle("py-a")
    assert (host.asked, len(host.ledger)) == (asked, 1)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '"x"', "{}", '{"to": "1.1-b"}', '{"from": "1.0-a"}', "\0\xff"]
)
@pytest.mark.parametrize("name", ["py-a", None])
def test_a_spoilt_record_is_nothing_to_go_back_to_and_is_removed(host, content, name):
    host.generation("1.1-b")
    host.helper.point("py-a", "1.1-b")
    (host.folder / "pending.json").write_text(content)
    host.helper.settle(name)
    assert (host.current, is_pending(host)) == ("generations/1.1-b", False)
    assert host.did("restart", "stop") == []


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_switch_survives_a_spoilt_record(host, content):
    host.generation("1.0-a")
    (host.folder / "pending.json").write_text(content)
    host.order("confirm")
    switch(host, "1.0-a")
    assert host.state["state"] == "confirmed"


def test_a_switch_that_follows_a_cut_one_starts_from_what_ran_before_both(host):
    host.generation("1.0-a"), host.generation("1.1-b"), host.generation("1.2-c")
    host.helper.point("py-a", "1.1-b")
    pending(host, **{"from": "1.0-a", "to": "1.1-b", "by": "tester", "token": "t0"})
    host.order("confirm")
    switch(host, "1.2-c")
    assert [(line["verdict"], line["from"]) for line in host.ledger] == [("reverted", "1.0-a"), ("confirmed", "1.0-a")]


# --- what the controller reads


def test_the_state_of_another_switch_is_not_reported(host, capsys):
    host.active = "inactive"
    host.helper.tell("py-a", "t0", "confirmed")
    host.helper.report("py-a", "t1", host.helper.DECIDED)
    assert json.loads(capsys.readouterr().out)["state"] == "lost"


def test_a_state_that_is_decided_is_reported_also_when_its_process_is_gone(host, capsys):
    host.helper.tell("py-a", "t1", "failed", "HTTP 500")
    host.helper.report("py-a", "t1", host.helper.DECIDED)
    assert json.loads(capsys.readouterr().out) == {"token": "t1", "state": "failed", "reason": "HTTP 500"}


def test_a_late_confirmation_is_answered_with_how_it_ended(host, capsys):
    host.helper.tell("py-a", "t1", "reverted", "nobody confirmed it within 60 s")
    host.helper.VERBS["confirm"]("py-a", "t1")
    assert json.loads(capsys.readouterr().out)["state"] == "reverted"


def test_stopping_for_good_is_recorded(host, capsys):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    host.helper.stop("py-a", "tester")
    assert json.loads(capsys.readouterr().out) == {"state": "stopped", "reason": None}
    assert (host.ledger[-1]["verdict"], host.ledger[-1]["from"]) == ("stopped", "1.0-a")


def test_without_a_verb_it_says_what_it_can_do():
    done = subprocess.run(
        [sys.executable, load("activate").__file__, "nonsense"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "activate begin INSTANCE" in done.stderr
