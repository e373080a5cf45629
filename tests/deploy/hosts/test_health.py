"""The health check on a host: what follows from a sequence of looks, and what it asks for, posts, writes and says."""

import fcntl
import http.server
import json
import re
import subprocess
import sys
import threading
import time
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deploy.hosts.alertmanager import Alertmanager, moment, refused
from tests.deploy.hosts.conftest import HELPERS, load

KINDS = {"w": "well", "x": "ill", "s": "stopped", "i": "idle"}
MODULE = load("health")


def limits(**changes):
    return MODULE.Limits(**{"host": "app-1", "impl": "python", "metrics": "/m", **changes})


def states(looks, **changes):
    """The state after each look, one a minute, beginning with none."""
    found = [MODULE.State()]
    for number, letter in enumerate(looks):
        kind = KINDS[letter]
        found.append(MODULE.judge(found[-1], MODULE.Look(kind, kind), limits(**changes), 60.0 * number))
    return found


def followed(looks, **changes):
    """One letter a look: R a restart is due, E it is escalated from now on, V it is over, . nothing."""
    made = states(looks, **changes)
    letters = []
    for before, now in pairwise(made):
        escalates, over = now.escalated and not before.escalated, before.escalated and not now.escalated
        letters.append("R" if now.due else "E" if escalates else "V" if over else ".")
    return "".join(letters)


# --- what follows from looks: two failures restart, at most three times, unless a row says otherwise


@pytest.mark.parametrize(
    ("looks", "letters", "settings"),
    [
        ("wwww", "....", {}),
        ("xwxwxw", "......", {}),
        ("xx", ".R", {}),
        ("xxwww", ".R...", {}),
        ("xxxxxxxxxxxxxxxxxxxx", ".R...R.......R.E....", {}),
        ("xxxxxxxxxxxxxxxxw", ".R...R.......R.EV", {}),
        ("xxxxxxxxxxxxxxxw", ".R...R.......R..", {}),
        ("xx", "RE", {"failures": 1, "restarts": 1}),
        ("xxxxxx", "..R..E", {"failures": 3, "restarts": 1}),
        ("xxxw", ".E.V", {"restarts": 0}),
        ("sss", ".E.", {}),
        ("ssw", ".EV", {}),
        ("xss", ".E.", {}),
        ("ssx", ".ER", {}),
        ("xxsxxx", ".R...R", {}),
        ("xi", "..", {}),
        ("xxi", ".EV", {"restarts": 0}),
        # well for a moment after each restart: that is no new beginning
        ("xwxxwx", "R..R.E", {"failures": 1, "restarts": 2}),
        ("xwwx", "R..R", {"failures": 1, "restarts": 2}),
        ("xixix", "R.R.R", {"failures": 1, "restarts": 1}),
        # failures while it starts count for nothing but in a row, which a stop by somebody is not
        ("xxxx", "R..E", {"failures": 1, "restarts": 1, "deadline": 150}),
        ("xxxxxx", "R....R", {"failures": 1, "restarts": 2, "deadline": 200}),
        ("xs", "RE", {"failures": 1, "restarts": 1, "deadline": 150}),
    ],
)
def test_looks_are_followed_by(looks, letters, settings):
    assert followed(looks, **settings) == letters


LOOKS = st.text("wxsi", max_size=80)
SETTINGS = {"failures": st.integers(1, 3), "restarts": st.integers(0, 3)}


@given(LOOKS, st.fixed_dictionaries(SETTINGS))
def test_nothing_is_ever_restarted_but_what_is_ill(looks, settings):
    assert all(letter == "x" for letter, what in zip(looks, followed(looks, **settings), strict=True) if what == "R")


@given(LOOKS, st.fixed_dictionaries(SETTINGS))
def test_there_are_never_more_restarts_than_allowed_and_failures_are_counted_in_a_row(looks, settings):
    made = states(looks, **settings)
    assert all(state.restarts <= settings["restarts"] for state in made)
    assert [state.failures for state in made[1:]] == [
        len(looks[: end + 1]) - len(looks[: end + 1].rstrip("xs")) for end in range(len(looks))
    ]


@given(st.integers(1, 4), st.integers(0, 4))
def test_each_restart_needs_twice_as_many_failures_as_the_one_before(failures, restarts):
    found = followed("x" * 100, failures=failures, restarts=restarts)
    gaps = [len(gap) + 1 for gap in found.partition("E")[0].split("R")]
    assert gaps == [*(failures * 2**number for number in range(restarts)), failures]


@given(LOOKS, st.fixed_dictionaries(SETTINGS))
def test_it_is_escalated_only_when_nothing_more_can_be_done_and_until_it_is_well_or_not_wanted(looks, settings):
    made = states(looks, **settings)
    for letter, before, now in zip(looks, made, made[1:], strict=False):
        if now.escalated and not before.escalated:
            assert letter == "s" or now.restarts == settings["restarts"]
            assert now.failures >= settings["failures"]
        if before.escalated:
            assert (now.escalated is None) == (letter in "wi")


# --- what Alertmanager is told


class Posts:
    """Notes what is posted, and takes it unless told otherwise."""

    def __init__(self):
        self.made, self.takes = [], True

    def __call__(self, alert):
        self.made.append(alert)
        return self.takes

    def firing(self):
        return [alert for alert in self.made if " did not help" in alert["annotations"]["description"]]


def told(*events, managers=("http://am",)):
    """Posts made by a row of (seconds, escalated, takes); the state after the last."""
    posts, state = Posts(), MODULE.State()
    for now, escalated, takes in events:
        posts.takes = takes
        state = MODULE.replace(state, escalated="t" if escalated else None, healthy=not escalated)
        state = MODULE.announce("py-a", state, limits(alertmanagers=managers), posts, now)
    return posts, state


@pytest.mark.parametrize(
    ("events", "firing", "resolved", "pending"),
    [
        ([(0, False, True), (60, False, True)], 0, 0, False),
        ([(0, True, True), (60, True, True), (3599, True, True)], 1, 0, True),
        ([(0, True, True), (3600, True, True), (3660, True, True), (7200, True, True)], 3, 0, True),
        ([(0, True, False), (60, True, False), (120, True, True), (180, True, True)], 3, 0, True),
        ([(0, True, True), (3600, True, False), (3660, True, True), (3720, True, True)], 3, 0, True),
        ([(0, True, True), (60, False, True), (120, False, True)], 1, 1, False),
        (
            [(0, True, True), (60, False, False), (120, False, False), (180, False, True), (240, False, True)],
            1,
            3,
            False,
        ),
        ([(0, True, True), (60, False, False), (120, True, True), (180, False, True)], 1, 2, False),
        ([(0, True, True), (60, False, False), (7200, False, False), (7260, False, False)], 1, 2, False),
        ([(0, True, False), (60, False, False), (120, False, True)], 1, 2, False),
        ([(9000, True, True), (0, True, True), (60, True, True)], 2, 0, True),
    ],
)
def test_an_alert_is_posted_once_renewed_hourly_and_ended_each_until_it_is_taken(events, firing, resolved, pending):
    posts, state = told(*events)
    assert (len(posts.firing()), len(posts.made) - len(posts.firing())) == (firing, resolved)
    assert (state.alert is not None) == pending


def test_it_ends_two_hours_ahead_and_begins_where_it_began():
    posts, _ = told((0, True, True), (3600, True, True), (3660, False, True))
    assert [alert["startsAt"] for alert in posts.made] == ["1970-01-01T00:00:00Z"] * 3
    ends = [alert["endsAt"] for alert in posts.made]
    assert ends == ["1970-01-01T02:00:00Z", "1970-01-01T03:00:00Z", "1970-01-01T01:01:00Z"]


def test_it_never_ends_before_it_begins_also_when_the_clock_is_set_back():
    posts, _ = told((9000, True, True), (10, False, True))
    assert [refused(alert) for alert in posts.made] == [None, None]


def test_where_no_alertmanager_is_named_nothing_is_posted():
    posts, state = told((0, True, True), (60, False, True), managers=())
    assert (posts.made, state.alert) == ([], None)


def test_it_is_told_who_where_and_why():
    state = MODULE.State(reason="HTTP 500", failures=16, restarts=3, escalated="t")
    alert = MODULE.described("py-a", state, limits(impl="go"), 0, 7200)
    assert alert["labels"] == {
        "alertname": "ThreaderHealthCheckFailing",
        "severity": "critical",
        "instance": "py-a",
        "host": "app-1",
        "impl": "go",
    }
    assert alert["annotations"] == {
        "summary": "Alert threader py-a on app-1 fails its health check",
        "description": "HTTP 500; 16 checks in a row failed, 3 restarts did not help",
    }


def test_every_alertmanager_is_told_and_one_that_takes_it_is_enough(capsys):
    alert = MODULE.described("py-a", MODULE.State(escalated="t", reason="x"), limits(), time.time(), time.time() + 60)
    with Alertmanager() as one, Alertmanager() as two:
        assert MODULE.post_to((one.url, two.url + "/"), alert)
        one.broken = True
        assert MODULE.post_to((one.url, two.url, "http://127.0.0.1:1"), alert)
        assert not MODULE.post_to((one.url, "http://127.0.0.1:1"), alert)
        assert (len(one.firing), len(two.firing)) == (1, 2)
    said = capsys.readouterr().out
    assert f"{one.url}/api/v2/alerts refused the alert: HTTP 503 'broken'" in said
    assert "http://127.0.0.1:1/api/v2/alerts can not be told: [Errno 111] Connection refused" in said


# --- one look


class Answering(http.server.BaseHTTPRequestHandler):
    answer = b""
    before = staticmethod(lambda: None)

    def do_GET(self):
        self.before()
        if self.path == "/slow":
            self.slowly()
        else:
            self.wfile.write(self.answer)

    def slowly(self):
        """A byte at a time, for longer than anybody waits."""
        try:
            for byte in b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 1000:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.01)
        except OSError:
            pass

    def log_message(self, *words):
        pass


def answered(body, status="200 OK", more=""):
    return f"HTTP/1.0 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()


OK, BROKEN = answered('{"status": "ok"}'), answered("{}", "500 Internal Server Error")


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OK, None),
        (answered('{"status": "ok"}', "201 Created"), None),
        (answered('{"status": "degraded"}'), "says status 'degraded'"),
        (answered("{}"), "says status None"),
        (answered('{"status": "ok"}', "503 Service Unavailable"), "HTTP 503 from"),
        (answered('{"status": "ok"}', "302 Found", "Location: /elsewhere\r\n"), "HTTP 302 from"),
        (answered('{"status": "ok"}', "304 Not Modified"), "HTTP 304 from"),
        (answered("ok"), "no healthy answer from"),
        (answered('["status", "ok"]'), "no healthy answer from"),
        (answered("[" * 60000), "no healthy answer from"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no healthy answer from"),
        (b"", "no healthy answer from"),
    ],
)
def test_only_exactly_2xx_with_a_body_that_says_ok_is_healthy(server, answer, reason):
    Answering.answer = answer
    found = MODULE.unhealthy(f"http://127.0.0.1:{server.server_port}/health", 5)
    assert (found is None) if reason is None else (reason in found)


def test_an_answer_that_comes_a_byte_at_a_time_is_cut_off(server):
    begun = time.monotonic()
    found = MODULE.unhealthy(f"http://127.0.0.1:{server.server_port}/slow", 0.2)
    assert found.endswith("/slow: no whole answer within 0.2 s")
    assert time.monotonic() - begun < 2


# --- the whole check, in temporary folders


ASKED = ("Result=exit-code", "ExecMainStatus=3")


class Host:
    """An instance as its check sees it."""

    def __init__(self, root, module, port):
        self.module, self.home, self.run = module, root / "data" / "py-a", root / "run"
        for folder in (self.home / "generations" / "1.0-a", self.run, root / "etc", root / "state", root / "metrics"):
            folder.mkdir(parents=True)
        settings = {"health": f"http://127.0.0.1:{port}/health"}
        (self.home / "generations" / "1.0-a" / "settings.json").write_text(json.dumps(settings))
        (self.home / "current").symlink_to("generations/1.0-a")
        self.config, self.file = root / "etc" / "py-a.health.json", root / "state" / "py-a.json"
        self.metrics = root / "metrics" / "alert-threader-health-py-a.prom"
        self.unit, self.ended = "active", ASKED
        self.want()

    def want(self, **changes):
        made = {"host": "app-1", "impl": "python", "metrics": str(self.metrics.parent), "alertmanagers": []}
        self.config.write_text(json.dumps({**made, "deadline": 0, **changes}))

    def check(self, answer):
        Answering.answer = answer
        return self.module.check("py-a")

    def state(self):
        return json.loads(self.file.read_text())

    def systemctl(self, words, **_):
        if words[-1] == "alert-threader@py-a.service":
            assert words[:-1] == ["systemctl", "show", "--property=ActiveState"]
            return SimpleNamespace(stdout=f"ActiveState={self.unit}\n" if self.unit else "")
        assert words[1:] == ["show", "--property=Result,ExecMainStatus", "alert-threader-health@py-a.service"]
        return SimpleNamespace(stdout="".join(f"{line}\n" for line in self.ended))


@pytest.fixture
def host(tmp_path, monkeypatch, server):
    module = load("health")
    made = Host(tmp_path, module, server.server_port)
    folders = {"DATA": tmp_path / "data", "RUN": made.run, "CONFIG": tmp_path / "etc", "STATE": tmp_path / "state"}
    for name, path in folders.items():
        monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(module.subprocess, "run", made.systemctl)
    monkeypatch.setattr(Answering, "before", staticmethod(lambda: None))
    return made


def test_a_healthy_instance_is_written_down_and_nothing_is_said(host, capsys):
    assert host.check(OK) == 0
    found = host.state()
    assert (found["healthy"], found["reason"], found["failures"], found["restarts"]) == (True, None, 0, 0)
    assert abs(moment(found["at"]) - time.time()) < 5
    assert capsys.readouterr().out == ""


def test_a_restart_is_asked_for_by_an_exit_status_of_its_own_and_said_in_one_line(host, capsys):
    assert host.check(BROKEN) == 0
    capsys.readouterr()
    assert host.check(BROKEN) == host.module.RESTART_DUE == 3
    said = capsys.readouterr().out
    assert said.startswith("<4>py-a is not healthy, 2 in a row: HTTP 500 from http://127.0.0.1:")
    assert said.endswith("/health; it is restarted, 1 of 3\n")
    assert host.check(OK) == 0
    assert capsys.readouterr().out == "<5>py-a is healthy again, after 2 failing checks\n"


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (ASKED, 0),
        (("Result=exit-code", "ExecMainStatus=1"), 1),
        (("Result=timeout", "ExecMainStatus=15"), 1),
        (("Result=signal", "ExecMainStatus=3"), 1),
        (("Result=success", "ExecMainStatus=0"), 1),
        ((), 1),
    ],
)
def test_a_restart_is_due_only_after_a_check_that_asked_for_it(host, ended, status):
    host.ended = ended
    assert host.module.due("py-a") == status


def test_a_restart_is_no_longer_due_when_somebody_stops_it_meanwhile(host):
    host.unit = "inactive"
    assert host.module.due("py-a") == 1


@pytest.mark.parametrize("unit", ["inactive", "deactivating"])
def test_what_somebody_stopped_is_reported_but_never_restarted(host, capsys, unit):
    host.want(failures=1)
    host.unit = unit
    assert [host.check(BROKEN) for _ in range(5)] == [0] * 5
    assert host.state()["escalated"]
    said = capsys.readouterr().out
    assert f"its unit is {unit}; HTTP 500 from " in said
    assert "somebody stopped it, so it is not restarted; next: systemctl start alert-threader@py-a.service" in said


@pytest.mark.parametrize("unit", ["active", "activating", "failed", ""])
def test_what_crashes_or_can_not_be_asked_for_is_restarted(host, unit):
    host.want(failures=1)
    host.unit = unit
    assert host.check(BROKEN) == 3


def test_metrics_are_written_for_node_exporter(host):
    host.check(BROKEN)
    lines = host.metrics.read_text().splitlines()
    for name in ("status", "failures", "timestamp_seconds"):
        assert f"# TYPE threader_health_check_{name} gauge" in lines
    values = [line for line in lines if not line.startswith(("#", "threader_switches"))]
    found = {line.split()[0]: float(line.split()[1]) for line in values}
    labels = '{instance="py-a",impl="python"}'
    assert found.pop(f"threader_health_check_timestamp_seconds{labels}") == pytest.approx(time.time(), abs=5)
    assert found == {f"threader_health_check_status{labels}": 0, f"threader_health_check_failures{labels}": 1}
    assert [path.name for path in host.metrics.parent.iterdir()] == [host.metrics.name]
    host.check(OK)
    assert f"threader_health_check_status{labels} 1" in host.metrics.read_text()


# --- how switches ended


VERDICTS = ("confirmed", "stopped", "failed", "refused", "unconfirmed", "undone", "reverted", "restarted")


def ended(host, *verdicts):
    """More lines in the ledger; a text in the place of a verdict is a line as it is."""
    with (host.home / "ledger.jsonl").open("a") as ledger:
        ledger.writelines(json.dumps({"verdict": each}) + "\n" if each in VERDICTS else each for each in verdicts)


def switches(host):
    lines = [line for line in host.metrics.read_text().splitlines() if line.startswith("threader_switches_total")]
    return {line.split('verdict="')[1].split('"')[0]: int(line.split()[-1]) for line in lines}


def counts(**more):
    return {**dict.fromkeys(VERDICTS, 0), **more}


def test_every_verdict_is_counted_from_zero_on(host):
    host.check(OK)
    assert "# TYPE threader_switches_total counter" in host.metrics.read_text()
    assert 'threader_switches_total{instance="py-a",impl="python",verdict="failed"} 0' in host.metrics.read_text()
    assert switches(host) == counts()
    ended(host, "confirmed", "failed", "confirmed", "unconfirmed")
    host.check(OK)
    assert switches(host) == counts(confirmed=2, failed=1, unconfirmed=1)


def test_the_verdicts_are_those_that_the_helper_writes_into_ledgers():
    text = (HELPERS / "activate.py").read_text()
    written = {*re.findall(r'record\(name, "(\w+)"', text), *re.findall(r'go_back\(name, pending, "(\w+)"', text)}
    assert {*written, "confirmed", "stopped", "failed", "unconfirmed", "undone"} == {*MODULE.VERDICTS} == {*VERDICTS}


def test_a_ledger_is_read_from_where_it_ended_the_last_time(host, monkeypatch):
    ended(host, *["confirmed"] * 1000)
    host.check(OK)
    read, counted = [], host.module.counted
    monkeypatch.setattr(
        host.module, "counted", lambda known, inode, size, get: counted(known, inode, size, lambda o: note(get(o)))
    )

    def note(data):
        read.append(len(data))
        return data

    ended(host, "failed")
    host.check(BROKEN)
    assert switches(host) == counts(confirmed=1000, failed=1)
    assert read[0] < 100


NONE = ("[]\n", '{"verdict": "odd"}\n', '{"verdict": ["x"]}\n', '{"verdict": "fai')


def test_a_line_counts_once_it_is_whole_and_what_is_none_counts_for_nothing(host):
    ended(
        host, "confirmed", "half a line\n", "[]\n", '{"verdict": "odd"}\n', '{"verdict": ["x"]}\n', '{"verdict": "fai'
    )
    host.check(OK)
    assert switches(host) == counts(confirmed=1)
    ended(host, 'led"}\n')
    host.check(OK)
    assert switches(host) == counts(confirmed=1, failed=1)


def test_another_ledger_in_its_place_is_counted_anew_and_none_forgets_nothing(host):
    ended(host, "confirmed", "confirmed", "failed")
    host.check(OK)
    (host.home / "ledger.jsonl").unlink()
    host.check(OK)
    assert switches(host) == counts(confirmed=2, failed=1)
    ended(host, "undone")
    host.check(OK)
    assert switches(host) == counts(undone=1)


@pytest.mark.parametrize("spoilt", [{}, {"inode": 1}, [], {"inode": None, "offset": "x", "verdicts": 1}, "x"])
def test_spoilt_counts_are_counted_anew(host, spoilt):
    ended(host, "confirmed")
    host.check(OK)
    known = host.state()
    host.file.write_text(json.dumps({**known, "switches": spoilt}))
    host.check(OK)
    assert switches(host) == counts(confirmed=1)


def test_a_metrics_folder_that_is_gone_is_said_and_the_check_goes_on(host, capsys):
    host.metrics.parent.rmdir()
    assert [host.check(BROKEN), host.check(BROKEN)] == [0, 3]
    assert "the metrics can not be written" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', "{}", '{"failures": 1}'])
def test_a_spoilt_state_is_a_new_beginning(host, content):
    host.file.write_text(content)
    assert host.check(OK) == 0
    assert host.state()["well"] == 1


def test_settings_of_a_generation_that_can_not_be_read_are_a_failure(host):
    (host.home / "current" / "settings.json").write_text("{}")
    host.check(OK)
    assert host.state()["reason"].startswith("its settings.json can not be read")


def test_where_nothing_is_activated_nothing_fails_and_no_metrics_stay(host):
    host.check(BROKEN)
    (host.home / "current").unlink()
    assert host.check(BROKEN) == 0
    found = host.state()
    assert (found["healthy"], found["reason"], found["failures"]) == (None, "nothing is activated", 0)
    assert not host.metrics.exists()


# --- beside a rollout


def lock(host):
    """Take the lock as a switch does, and keep it."""
    file = (host.run / "py-a.lock").open("w")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def test_it_stands_back_while_a_switch_is_alive_and_leaves_its_counters_alone(host, capsys):
    host.want(failures=1)
    host.check(OK)
    before = (host.file.read_text(), host.metrics.read_text())
    capsys.readouterr()
    with lock(host):
        assert host.check(BROKEN) == 0
    assert capsys.readouterr().out == "<5>py-a: stands back, since a rollout is at work on it\n"
    assert (host.file.read_text(), host.metrics.read_text()) == before
    assert host.check(BROKEN) == 3


def test_it_stands_back_also_when_the_switch_began_during_the_look(host, monkeypatch):
    host.want(failures=1)
    kept = []
    monkeypatch.setattr(Answering, "before", staticmethod(lambda: kept.append(lock(host))))
    assert host.check(BROKEN) == 0
    assert not host.file.exists()
    kept[0].close()


def test_it_stands_back_also_when_a_whole_switch_fitted_into_the_look(host, monkeypatch):
    def switch():
        (host.home / ".current").symlink_to("generations/1.0-a")
        (host.home / ".current").replace(host.home / "current")

    host.want(failures=1)
    monkeypatch.setattr(Answering, "before", staticmethod(switch))
    assert host.check(BROKEN) == 0
    assert not host.file.exists()


def test_the_lock_that_a_dead_switch_left_does_not_switch_it_off(host):
    lock(host).close()
    host.want(failures=1)
    assert host.check(BROKEN) == 3


def test_a_switch_that_was_cut_off_is_a_failure_even_of_an_instance_that_answers_or_was_stopped(host, capsys):
    (host.home / "pending.json").write_text("{}")
    host.unit = "inactive"
    assert [host.check(OK), host.check(OK)] == [0, 3]
    assert "a switch was cut off, and nobody has settled it; it is restarted, 1 of 3" in capsys.readouterr().out
    assert host.module.due("py-a") == 0


# --- to the end


def test_what_stays_broken_is_escalated_once_and_ended_on_recovery(host, capsys):
    with Alertmanager() as manager:
        host.want(failures=1, restarts=1, alertmanagers=[manager.url])
        assert [host.check(BROKEN) for _ in range(6)] == [3, 0, 0, 0, 0, 0]
        assert (len(manager.firing), manager.resolved) == (1, [])
        host.check(OK), host.check(OK)
        assert (len(manager.firing), len(manager.resolved), manager.refused) == (1, 1, [])
    assert manager.firing[0]["labels"] == manager.resolved[0]["labels"]
    assert moment(manager.firing[0]["endsAt"]) == pytest.approx(time.time() + 7200, abs=10)
    assert capsys.readouterr().out.count("took the alert") == 2


def test_an_alertmanager_that_is_away_is_told_at_the_first_check_after_it_is_back(host):
    with Alertmanager() as manager:
        manager.broken = True
        host.want(failures=1, restarts=0, alertmanagers=[manager.url])
        host.check(BROKEN), host.check(BROKEN)
        assert (len(manager.refused), manager.firing) == (2, [])
        manager.broken = False
        host.check(BROKEN), host.check(BROKEN)
        assert len(manager.firing) == 1
        manager.broken = True
        host.check(OK)
        manager.broken = False
        host.check(OK), host.check(OK)
        assert len(manager.resolved) == 1


def test_without_an_alertmanager_the_journal_says_that_nobody_is_told(host, capsys):
    host.want(failures=1, restarts=0)
    host.check(BROKEN)
    assert "nobody is told, since health.alertmanagers names none" in capsys.readouterr().out


def test_forgetting_ends_what_was_escalated_and_leaves_nothing(host):
    with Alertmanager() as manager:
        host.want(failures=1, restarts=0, alertmanagers=[manager.url])
        host.check(BROKEN)
        assert host.module.forget("py-a") == 0
        assert (len(manager.firing), len(manager.resolved)) == (1, 1)
    assert not host.file.exists()
    assert not host.metrics.exists()
    assert host.module.forget("py-a") == 0


def test_forgetting_what_nobody_knows_is_no_error(host):
    host.config.unlink()
    assert host.module.forget("py-a") == 0


@pytest.mark.parametrize("words", [[], ["check"], ["nonsense", "py-a"], ["check", "py-a", "more"]])
def test_without_a_verb_and_a_name_it_says_what_it_can_do(words):
    done = subprocess.run([sys.executable, MODULE.__file__, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "health check NAME" in done.stderr
