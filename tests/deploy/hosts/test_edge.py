"""The edge's helper before a HAProxy that is only an object: who gets requests, what runs, what outlives what."""

import json
import re
import subprocess

import pytest

from tests.deploy.hosts.conftest import load

CONFIG = "global\n    maxconn 9\nbackend threaders\n"
A, B, C = "py-a.app-1.9009", "py-b.app-2.9009", "py-c.app-3.9009"
READY, DRAIN, MAINT = 0x04, 0x0C, 0x05
HEAD = "4 threaders"


def line(name):
    return f"    server {name} 10.0.0.1:9009 disabled\n"


class Proxy:
    """HAProxy with its master: `servers` are admin bits by name, `old` are workers that finish what they have."""

    def __init__(self):
        self.servers, self.weights, self.ill, self.sessions = {}, {}, set(), {}
        self.worker, self.old, self.away, self.reloads = 10, [], False, 0
        self.said = []

    def ask(self, command, worker=None):
        if self.away:
            raise ConnectionRefusedError("refused")
        if command == "show proc":
            lines = [f"{pid}  worker  1  0d\n" for pid in (self.worker, *self.old)]
            return (
                f"1  master  {self.reloads} [failed: 0]  0d00h00m31s  2.6\n# workers\n"
                + lines[0]
                + "# old workers\n"
                + "".join(lines[1:])
            )
        if command.startswith("show servers state"):
            rows = [
                f"{HEAD} 1 {name} 10.0.0.1 2 {bits} {self.weights.get(name, 100)} 100\n"
                for name, bits in self.servers.items()
            ]
            return "1\n# be_id\n" + "".join(rows) + "\n"
        if command.startswith("show stat"):
            rows = [
                f"threaders,{name},0,{self.sessions.get((worker, name), 0)},{self.status(name)}\n"
                for name in self.servers
            ]
            return "# pxname,svname,qcur,scur,status\n" + "".join(rows) + "\n"
        return self._set(command)

    def status(self, name):
        if self.servers[name] == MAINT:
            return "MAINT"
        return "DOWN" if name in self.ill else "DRAIN" if self.servers[name] == DRAIN else "UP"

    def _set(self, command):
        name, what, value = re.fullmatch(r"set server threaders/(\S+) (\S+) (\S+)", command).groups()
        self.said.append((name, value))
        if name not in self.servers:
            return "No such server.\n"
        bits = {"ready": READY, "drain": DRAIN, "maint": MAINT}
        if what == "state":
            self.servers[name] = bits[value]
        elif what == "weight":
            self.weights[name] = int(value)
        return "\n"


class Host:
    """The helper with folders of its own; every command that it calls is noted in `ran`."""

    def __init__(self, root):
        self.helper, self.proxy, self.ran, self.invalid = load("edge"), Proxy(), [], False
        self.data, self.run, self.wanted = root / "data", root / "run", root / "haproxy.cfg"
        for folder in (self.data, self.run):
            folder.mkdir()
        self.wanted.write_text(CONFIG)

    def want(self, *names):
        self.wanted.write_text(CONFIG + "".join(map(line, sorted(names))))

    def running(self):
        return re.findall(r"server (\S+)", (self.run / "haproxy.cfg").read_text())

    def started(self, *names):
        """HAProxy runs with these servers, all of them admitted."""
        self.want(*names)
        self.helper.prepare()
        self.proxy.servers = dict.fromkeys(names, MAINT)
        return self.call("admit", ",".join(names))

    def call(self, verb, *words):
        return self.helper.VERBS[verb](*words)

    def command(self, words, **_):
        """In the place of subprocess.run."""
        self.ran.append(words)
        if words[0] == "haproxy" and self.invalid:
            return subprocess.CompletedProcess(words, 1, "", "[ALERT]    (7) : config : unknown keyword\n")
        if words[-1] == "save":
            self.helper.save(patience=0)
        if words[:2] == ["systemctl", "is-active"]:
            return subprocess.CompletedProcess(words, 0, "active\n", "")
        if words[:2] == ["systemctl", "reload"]:
            return self._reload(words)
        said = "[ALERT]    (7) : config : unknown keyword\n[ALERT]    (7) : config : Fatal errors found\n"
        return subprocess.CompletedProcess(words, 0, said if words[0] == "journalctl" else "", "")

    def _reload(self, words):
        try:
            self.helper.prepare()
        except SystemExit:
            return subprocess.CompletedProcess(words, 1, "", "failed")
        self.proxy.worker, self.proxy.reloads = self.proxy.worker + 1, self.proxy.reloads + 1
        self.proxy.servers = {name: self.proxy.servers.get(name, MAINT) for name in self.running()}
        return subprocess.CompletedProcess(words, 0, "", "")

    def units(self, word):
        return [words for words in self.ran if words[0] in ("systemctl", "systemd-run") and word in words]


@pytest.fixture
def host(tmp_path, monkeypatch):
    made = Host(tmp_path)
    for name, value in {
        "DATA": made.data,
        "RUN": made.run,
        "WANTED": made.wanted,
        "PATIENCE": 0.0,
        "LINGER": 0.0,
        "POLL": 0.0,
        "UP": 0.0,
        "ask": made.proxy.ask,
    }.items():
        monkeypatch.setattr(made.helper, name, value)
    monkeypatch.setattr(made.helper.subprocess, "run", made.command)
    return made


# --- in and out


def test_an_admitted_server_gets_requests_once_a_health_check_has_found_it_up(host):
    assert host.started(A) == {"state": "ready", "reason": None}
    assert host.proxy.said == [(A, "drain"), (A, "down"), (A, "ready")]


def test_one_that_was_only_drained_is_back_at_once(host):
    host.started(A)
    host.call("drain", A, "60", "0")
    host.proxy.said.clear()
    host.call("admit", A)
    assert host.proxy.said == [(A, "ready")]


def test_draining_waits_for_what_the_server_has_in_hand_also_in_workers_of_before_a_reload(host):
    host.started(A, B)
    host.proxy.old = [9]
    host.proxy.sessions = {(10, A): 1, (9, A): 2, (9, B): 4}
    assert host.call("drain", A, "60", "0") == {"state": "draining", "sessions": 3}
    host.proxy.sessions = {(9, B): 4}
    assert host.call("drain", A, "60", "0") == {"state": "drained", "sessions": 0}
    assert host.proxy.servers == {A: DRAIN, B: READY}


def test_a_drained_server_is_given_back_by_itself_since_its_controller_may_be_dead(host):
    host.started(A)
    host.call("drain", A, "90", "0")
    (words,) = [words for words in host.ran if words[0] == "systemd-run"]
    assert "--on-active=90" in words
    assert words[-2:] == ["again", A]
    host.helper.again(A)
    assert host.proxy.servers == {A: READY}


def test_it_is_armed_before_it_is_drained_and_not_drained_if_that_can_not_be_done(host, monkeypatch):
    host.started(A)

    def refuse(words, **more):
        failed = subprocess.CompletedProcess(words, 1, "", "no memory")
        return failed if words[0] == "systemd-run" else host.command(words, **more)

    monkeypatch.setattr(host.helper.subprocess, "run", refuse)
    with pytest.raises(host.helper.AwayError, match="no memory"):
        host.call("drain", A, "60", "0")
    assert host.proxy.servers == {A: READY}


@pytest.mark.parametrize(("verb", "words"), [("admit", ()), ("retire", ()), ("drain", ("60", "0"))])
def test_whoever_says_something_about_a_server_ends_what_was_to_admit_it(host, verb, words):
    host.started(A)
    host.ran.clear()
    host.call(verb, A, *words)
    assert host.units("stop")[0][2] == f"alert-threader-edge-admit-{A}.timer"


def test_a_server_in_maintenance_gets_nothing_and_is_left_there_by_a_drain(host):
    host.want(A)
    host.proxy.servers = {A: MAINT}
    assert host.call("drain", A, "60", "0")["state"] == "drained"
    assert host.proxy.servers == {A: MAINT}
    assert host.units("systemd-run") == []


def test_servers_that_haproxy_does_not_know_are_told_and_the_others_admitted(host):
    host.started(A)
    host.call("drain", A, "60", "0")
    answer = host.call("admit", f"{A},{C}")
    assert answer == {"state": "unknown", "reason": f"HAProxy runs without {C}"}
    assert host.proxy.servers == {A: READY}


def test_what_haproxy_does_not_do_is_an_answer_for_people_and_a_failure_for_systemd(host, capsys):
    host.proxy.away = True
    for verb, words in {"admit": (A,), "drain": (A, "60", "0"), "retire": (A,)}.items():
        host.helper.main(verb, *words)
        answer = json.loads(capsys.readouterr().out)
        assert answer["state"] == "failed"
        assert "HAProxy does not answer: refused" in answer["reason"]
    for verb, words in {"save": (), "again": (A,)}.items():
        with pytest.raises(SystemExit):
            host.helper.main(verb, *words)


# --- topology


def test_a_new_server_is_run_and_waits_to_be_admitted(host):
    host.started(A)
    host.want(A, B)
    assert host.call("apply")["state"] == "reloaded"
    assert host.proxy.servers == {A: READY, B: MAINT}


def test_nothing_is_reloaded_when_nothing_else_is_to_run(host):
    host.started(A)
    assert host.call("apply")["state"] == "unchanged"
    assert host.units("reload") == []


def test_a_server_that_is_no_longer_wanted_serves_until_it_is_retired(host):
    host.started(A, B)
    host.want(B, C)
    host.call("apply")
    assert host.running() == [B, C, A]
    assert host.proxy.servers[A] == READY
    assert host.call("retire", A) == {"state": "retired"}
    assert host.running() == [B, C]


def test_one_that_was_never_admitted_goes_at_once(host):
    host.started(A)
    host.want(A, B)
    host.call("apply")
    host.want(A)
    host.call("apply")
    assert host.running() == [A]


def test_a_wanted_server_that_is_retired_stays_in_maintenance_without_a_reload(host):
    host.started(A, B)
    host.call("retire", A)
    assert host.proxy.servers == {A: MAINT, B: READY}
    assert host.units("reload") == []


def test_a_retired_server_can_be_admitted_since_a_rollback_goes_where_the_settings_no_longer_are(host):
    host.started(A, B)
    host.want(B)
    host.call("apply")
    host.call("retire", A)
    assert host.call("admit", A) == {"state": "ready", "reason": None}
    assert host.running() == [B, A]
    assert host.proxy.servers == {A: READY, B: READY}
    host.call("apply")
    assert host.running() == [B, A]


def test_only_the_last_hundred_retired_servers_are_remembered(host):
    names = [f"py-{number}.h.1" for number in range(120)]
    host.started(*names)
    for name in names:
        host.call("retire", name)
    assert list(host.helper.noted("retired")) == names[20:]


def test_a_server_that_comes_back_at_another_address_runs_as_wanted(host):
    host.started(A)
    host.want()
    host.call("apply")
    host.wanted.write_text(CONFIG + line(A).replace("10.0.0.1", "10.0.0.9"))
    host.call("apply")
    assert (host.run / "haproxy.cfg").read_text() == host.wanted.read_text()


def test_a_configuration_that_haproxy_refuses_changes_nothing_and_is_tried_again(host):
    host.started(A)
    host.want(A, B)
    host.invalid = True
    for _ in range(2):
        with pytest.raises(host.helper.AwayError, match="runs on with its old configuration: unknown keyword"):
            host.call("apply")
    host.invalid = False
    assert host.call("apply")["state"] == "reloaded"


def test_a_haproxy_that_does_not_run_is_left_to_its_unit_and_why_is_told(host, monkeypatch):
    monkeypatch.setattr(host.helper, "systemctl", lambda *words: subprocess.CompletedProcess(words, 3, "failed\n", ""))
    assert host.call("apply") == {"state": "stopped", "reason": "unknown keyword"}


# --- starts


def test_after_a_cold_start_every_server_is_admitted(host):
    host.want(A, B)
    host.proxy.away = True
    host.helper.prepare()
    host.proxy.away, host.proxy.servers = False, {A: MAINT, B: MAINT}
    host.helper.start()
    assert host.proxy.servers == {A: READY, B: READY}
    assert (host.run / "servers.state").read_text().startswith("1\n")


def test_after_a_crash_servers_are_as_they_were(host):
    host.started(A, B)
    host.call("drain", A, "60", "0")
    kept = (host.run / "servers.state").read_text()
    assert f"{A} 10.0.0.1 2 {DRAIN}" in kept
    host.proxy.away = True
    host.helper.prepare()
    host.proxy.away = False
    assert (host.run / "servers.state").read_text() == kept
    host.helper.start()
    assert host.proxy.servers == {A: DRAIN, B: READY}


def test_a_reboot_in_the_middle_of_a_rollout_loses_no_server_that_serves(host):
    host.started(A)
    host.want(B)  # and the host reboots before HAProxy was told
    for path in host.run.iterdir():
        path.unlink()
    host.helper.prepare()
    assert host.running() == [B, A]


def test_what_is_noted_is_old_or_new_also_when_it_is_spoilt(host):
    host.started(A)
    (host.data / "admitted.json").write_text("{")
    assert host.helper.noted("admitted") == {}
    host.call("admit", A)
    assert set(host.helper.noted("admitted")) == {A}


# --- weights

SLOT = "py-a--prev.app-1.10009"


def shift(host, **weights):
    return host.call(
        "shift", json.dumps({{"a": A, "b": B, "c": C, "slot": SLOT}[name]: weights[name] for name in weights})
    )


def weights(host):
    return {name: host.proxy.weights.get(name, 100) for name in host.proxy.servers}


@pytest.fixture
def canary(host):
    """A and B serve; the second slot of A is known, and was never used."""
    host.started(A, B)
    host.want(A, B, SLOT)
    host.call("apply")
    assert host.proxy.servers == {A: READY, B: READY, SLOT: MAINT}
    host.proxy.said.clear()
    host.ran.clear()
    return host


def test_traffic_moves_first_to_what_is_to_have_it_and_then_away_from_what_is_not(canary):
    assert shift(canary, a=0, slot=100) == {"state": "shifted", "reason": None}
    assert canary.proxy.said == [(SLOT, "drain"), (SLOT, "down"), (SLOT, "ready"), (A, "drain")]
    assert canary.proxy.servers == {A: DRAIN, B: READY, SLOT: READY}
    assert canary.units("systemd-run") == []


def test_servers_get_the_weights_that_they_are_given(canary):
    assert shift(canary, a=10, b=170, slot=10)["state"] == "shifted"
    assert weights(canary) == {A: 10, B: 170, SLOT: 10}
    assert set(canary.helper.noted("admitted")) == {A, B, SLOT}


def test_a_second_time_nothing_is_told_but_that_they_are_ready(canary):
    shift(canary, a=0, slot=50)
    canary.proxy.said.clear()
    assert shift(canary, a=0, slot=50)["state"] == "shifted"
    assert canary.proxy.said == [(SLOT, "ready")]


@pytest.mark.parametrize("before", [{}, {"slot": 30, "a": 70}, {"slot": 0}])
def test_where_one_is_not_up_in_time_everything_is_as_it_was(canary, before):
    shift(canary, **before)
    noted = canary.helper.noted("weights")
    found = (dict(canary.proxy.servers), weights(canary), canary.helper.noted("admitted"))
    canary.proxy.ill = {SLOT}
    canary.ran.clear()
    answer = shift(canary, b=20, slot=100, a=0)
    assert answer == {"state": "failed", "reason": f"not up within 0 s: {SLOT} (DOWN)"}
    assert (canary.proxy.servers, weights(canary), canary.helper.noted("admitted")) == found
    assert canary.helper.noted("weights") == noted
    assert canary.units("stop") == []  # what was to admit one later still does


def test_where_haproxy_refuses_everything_is_as_it_was(canary, monkeypatch):
    ask = canary.proxy.ask

    def refuse(command, worker=None):
        return "no.\n" if command == f"set server threaders/{SLOT} state ready" else ask(command, worker)

    monkeypatch.setattr(canary.helper, "ask", refuse)
    with pytest.raises(canary.helper.AwayError, match="refuses"):
        shift(canary, b=20, slot=100, a=0)
    assert canary.proxy.servers == {A: READY, B: READY, SLOT: MAINT}
    assert weights(canary) == {A: 100, B: 100, SLOT: 100}
    assert canary.helper.noted("weights") == {}


def test_what_was_ill_already_and_takes_over_from_nobody_is_not_waited_for(canary):
    canary.proxy.ill = {B}
    assert shift(canary, a=10, b=170, slot=10) == {"state": "shifted", "reason": None}
    assert weights(canary) == {A: 10, B: 170, SLOT: 10}
    assert shift(canary, a=0, b=100, slot=100)["state"] == "shifted"


def test_traffic_moves_to_a_place_that_was_retired_as_a_way_back_wants_it(host):
    host.started(A, B)
    host.want(B)
    host.call("apply")
    host.call("retire", A)
    assert A not in host.proxy.servers
    assert host.call("shift", json.dumps({A: 100, B: 0}))["state"] == "shifted"
    assert host.proxy.servers == {A: READY, B: DRAIN}


def test_on_the_way_back_traffic_moves_also_to_what_is_not_up(canary):
    canary.proxy.ill = {SLOT}
    answer = canary.call("shift", json.dumps({SLOT: 100, A: 0, C: 50}), "back")
    assert answer == {"state": "shifted", "reason": f"not up within 0 s: {SLOT} (DOWN)"}
    assert canary.proxy.servers == {A: DRAIN, B: READY, SLOT: READY}
    assert canary.helper.noted("weights") == {SLOT: 100, A: 0}


def test_a_server_that_is_not_there_can_not_get_traffic_and_nothing_changes(canary):
    assert shift(canary, a=0, c=100) == {"state": "failed", "reason": f"HAProxy runs without {C}"}
    assert canary.proxy.said == []
    assert shift(canary, a=100, c=0)["state"] == "shifted"  # it gets none already
    assert set(canary.helper.noted("weights")) == {A}


@pytest.mark.parametrize("text", ["", "[]", '{"a": "1"}', '{"a": 257}', '{"a": -1}', '{"a": 1.5}', '{"a": true}'])
def test_what_is_no_weight_is_refused(canary, text, capsys):
    canary.helper.main("shift", text)
    assert json.loads(capsys.readouterr().out)["state"] == "failed"
    assert canary.proxy.said == []


def test_whoever_shifts_ends_what_was_to_admit_a_server(canary):
    canary.call("drain", A, "60", "0")
    canary.ran.clear()
    shift(canary, a=0, slot=100)
    (words,) = canary.units("stop")
    assert f"alert-threader-edge-admit-{A}.timer" in words
    assert f"alert-threader-edge-admit-{A}.service" in words


def test_a_drain_of_what_was_shifted_away_from_only_waits(canary):
    shift(canary, a=0, slot=100)
    canary.ran.clear()
    canary.proxy.sessions = {(canary.proxy.worker, A): 1}
    assert canary.call("drain", A, "60", "0") == {"state": "draining", "sessions": 1}
    assert canary.units("systemd-run") == []
    assert canary.proxy.servers[A] == DRAIN


def test_an_admitted_server_has_its_full_weight_again(canary):
    shift(canary, a=10, b=0)
    canary.call("admit", f"{A},{B}")
    assert canary.proxy.servers == {A: READY, B: READY, SLOT: MAINT}
    assert weights(canary) == {A: 100, B: 100, SLOT: 100}
    assert canary.helper.noted("weights") == {}


def test_so_has_a_retired_one_when_it_comes_back(canary):
    shift(canary, a=100, slot=10)
    canary.call("retire", SLOT)
    assert canary.proxy.servers[SLOT] == MAINT
    assert canary.helper.noted("weights") == {A: 100}
    canary.call("admit", SLOT)
    assert weights(canary)[SLOT] == 100


def rebooted(host):
    """HAProxy starts as its configuration says, and knows nothing else."""
    for path in host.run.iterdir():
        path.unlink()
    host.proxy.away = True
    host.helper.prepare()
    host.proxy.away, host.proxy.weights = False, {}
    host.proxy.servers = dict.fromkeys(host.running(), MAINT)
    host.helper.start()


def test_weights_outlive_a_reboot(canary):
    shift(canary, a=0, b=170, slot=30)
    rebooted(canary)
    assert canary.proxy.servers == {A: DRAIN, B: READY, SLOT: READY}
    assert weights(canary) == {A: 100, B: 170, SLOT: 30}


def test_a_slot_that_nothing_was_shifted_to_gets_nothing_after_a_reboot(canary):
    rebooted(canary)
    assert canary.proxy.servers == {A: READY, B: READY, SLOT: MAINT}


def test_what_a_crash_between_the_note_and_the_drain_left_is_made_good_by_the_next_start(canary, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(canary.helper, "park", lambda *words: 1 / 0)
        shift(canary, a=0, slot=100)
    assert canary.proxy.servers == {A: READY, B: READY, SLOT: READY}  # nobody is without a server meanwhile
    canary.helper.start()
    assert canary.proxy.servers == {A: DRAIN, B: READY, SLOT: READY}


def test_who_shifts_while_haproxy_starts_waits_for_its_start_which_would_undo_that(canary, monkeypatch):
    shift(canary, a=0, slot=100)
    canary.proxy.said.clear()
    looks, systemctl = [], canary.helper.systemctl

    def answer(*words):
        if words[0] != "is-active":
            return systemctl(*words)
        looks.append(len(canary.proxy.said))
        if len(looks) == 2:
            canary.helper.start()
        return subprocess.CompletedProcess(words, 0, "activating\n" if len(looks) < 3 else "active\n", "")

    monkeypatch.setattr(canary.helper, "systemctl", answer)
    monkeypatch.setattr(canary.helper, "PATIENCE", 5)
    assert shift(canary, a=100, slot=0)["state"] == "shifted"
    assert looks[:2] == [0, 0]  # nothing was told before its start was over
    assert canary.proxy.servers == {A: READY, B: READY, SLOT: DRAIN}


@pytest.mark.parametrize("text", ["{", "[]", '{"py-a.app-1.9009": "x", "py-b.app-2.9009": 999}'])
def test_weights_that_are_spoilt_keep_nothing_from_starting(canary, text):
    (canary.data / "weights.json").write_text(text)
    rebooted(canary)
    assert canary.proxy.servers == {A: READY, B: READY, SLOT: MAINT}


def test_a_slot_that_serves_outlives_the_settings_and_one_that_does_not_goes_with_them(canary):
    shift(canary, a=0, slot=100)
    canary.want(A, B)
    canary.call("apply")
    assert canary.running() == [A, B, SLOT]
    shift(canary, a=100, slot=0)
    canary.call("apply")
    assert canary.running() == [A, B]


def test_all_is_shown(canary):
    shift(canary, a=10, b=0)
    assert canary.call("show") == {
        "servers": {A: "UP", B: "DRAIN", SLOT: "MAINT"},
        "weights": {A: 10, B: 100, SLOT: 100},
    }


def test_counts_are_requests_and_failed_ones_of_each_server(host, monkeypatch):
    head = "# pxname,svname,econ,eresp,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,status\n"
    text = f"{head}threaders,{A},1,2,0,100,3,4,5,0,UP\nthreaders,{B},0,0,,,,,,,DOWN\n"
    host.started(A, B)
    ask = host.proxy.ask
    answers = lambda command, worker=None: text if command.startswith("show stat") else ask(command, worker)  # noqa: E731
    monkeypatch.setattr(host.helper, "ask", answers)
    assert host.call("counts") == {"counts": {A: [115, 8], B: [0, 0]}}
