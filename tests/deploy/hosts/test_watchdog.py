"""The watchdog on a host: what follows from a sequence of looks, what it asks, and what it tells, posts and keeps."""

import http.server
import json
import re
import socket
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deploy.hosts.conftest import load

MODULE = load("watchdog")
HOUR = 3600.0
PATH = "/services/T0/B0/secret-of-the-webhook"
FIRING = [{"labels": {"alertname": "Watchdog", "severity": "none"}, "status": {"state": "active"}}]


def told(looks, *, stale=300.0, step=60.0, up=1e9):
    """One letter a look, one a minute: G gone, B back, . nothing. `.` in `looks` is a Watchdog that is there."""
    state, letters = MODULE.State(), ""
    for number, letter in enumerate(looks):
        now = 1e6 + step * number
        state, what = MODULE.judge(state, letter == ".", stale, now, up)
        if what:
            state = MODULE.replace(state, told=now if what == "gone" else None)
        letters += {None: ".", "gone": "G", "back": "B"}[what]
    return letters


# --- what follows from looks, one a minute: x there is no Watchdog


@pytest.mark.parametrize(
    ("looks", "letters"),
    [
        ("......", "......"),
        (".xxxx.", "......"),
        (".xxxxx", ".....G"),
        (".xxxxxxxx", ".....G..."),
        (".xxxxxx.x", ".....G.B."),
        ("xxxxxx", ".....G"),
        (".xxxx.xxxx.xxxx", "..............."),
        (".xxxxx.xxxxx", ".....GB....G"),
    ],
)
def test_looks_are_followed_by(looks, letters):
    assert told(looks) == letters


def test_while_it_lasts_it_is_told_again_after_four_hours():
    letters = told("x" * (9 * 60))
    assert [number for number, letter in enumerate(letters) if letter == "G"] == [5, 245, 485]


def test_the_time_before_the_host_was_started_does_not_count():
    before = MODULE.State(seen=0.0)
    assert MODULE.judge(before, False, 300, 10 * HOUR, 299)[1] is None
    assert MODULE.judge(before, False, 300, 10 * HOUR, 300)[1] == "gone"


def test_what_was_told_before_a_reboot_is_told_to_be_over_after_it():
    assert MODULE.judge(MODULE.State(seen=0.0, told=9.0), True, 300, 10 * HOUR, 5)[1] == "back"


@given(st.text(".x", max_size=300), st.sampled_from([60.0, 300.0, 900.0]))
def test_nothing_is_over_that_did_not_begin_and_nothing_begins_before_its_time(looks, stale):
    letters = told(looks, stale=stale)
    assert re.fullmatch("(G+B)*G*", letters.replace(".", ""))
    for number, letter in enumerate(letters):
        if letter == "G":
            quiet = int(stale // 60)
            assert "." not in looks[max(0, number - quiet + 1) : number + 1]
        if letter == "B":
            assert looks[number] == "."


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1e7))))
def test_a_clock_that_is_set_back_never_hides_anything_for_longer_than_it_would_have(looks):
    state = MODULE.State()
    for found, now in looks:
        state, _ = MODULE.judge(state, found, 300, now, 1e9)
        assert state.seen <= now
        assert state.told is None or state.told <= now


# --- on a host: small servers instead of Alertmanager and Slack


class Server:
    """Answers every request with `status` and `body`, and notes what it got."""

    def __init__(self, body="[]"):
        self.status, self.body, self.got = 200, body, []
        server = self

        class Answering(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                server.got.append((self.command, self.path, self.rfile.read(length).decode()))
                self.send_response(server.status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(server.body.encode())

            do_GET = do_POST = answer  # noqa: N815 - as http.server wants them

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def texts(self):
        return [json.loads(body)["text"] for _, _, body in self.got]


class Host:
    """The watchdog with its folders; `age` is how long ago a Watchdog was last seen."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.state, self.config = folder / "watchdog.json", folder / "config.json"
        self.credential = folder / "slack_webhook_url"
        self.module = load("watchdog")
        self.module.CONFIG = self.config
        monkeypatch.setenv("STATE_DIRECTORY", str(folder))
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
            monkeypatch.delenv(name, raising=False)

    def want(self, *managers, **more):
        self.config.write_text(json.dumps({"alertmanagers": [each.url for each in managers], "fleet": "prod", **more}))

    def last_seen(self, age, **more):
        self.state.write_text(json.dumps({"seen": time.time() - age, "told": None, **more}))

    def known(self):
        return json.loads(self.state.read_text())

    def check(self):
        return self.module.check()


@pytest.fixture
def slack():
    with Server("ok") as made:
        yield made


@pytest.fixture
def manager():
    with Server() as made:
        yield made


@pytest.fixture
def host(tmp_path, monkeypatch, slack):
    made = Host(tmp_path, monkeypatch)
    made.credential.write_text(f"{slack.url}{PATH}\n")
    return made


def test_alertmanager_is_asked_for_the_watchdog_alone(host, manager, slack):
    manager.body = json.dumps(FIRING)
    host.want(manager)
    assert host.check() == 0
    assert manager.got == [("GET", "/api/v2/alerts?active=true&filter=alertname%3D%22Watchdog%22", "")]
    assert slack.got == []
    assert host.known()["seen"] == pytest.approx(time.time(), abs=5)


def test_one_alertmanager_that_has_it_is_enough(host, manager, slack):
    host.last_seen(HOUR)
    with Server(json.dumps(FIRING)) as second:
        host.want(manager, second)
        assert host.check() == 0
    assert slack.got == []


def test_it_is_told_once_and_then_that_it_is_over(host, manager, slack):
    host.last_seen(HOUR)
    host.want(manager)
    assert [host.check() for _ in range(3)] == [0, 0, 0]
    assert [(verb, path) for verb, path, _ in slack.got] == [("POST", PATH)]
    assert "No Alertmanager has had the Watchdog alert for 60 min" in slack.texts[0]
    assert f"fleet prod, seen from {socket.gethostname()}" in slack.texts[0]
    assert f"{manager.url}: it has no Watchdog" in slack.texts[0]
    manager.body = json.dumps(FIRING)
    assert [host.check() for _ in range(2)] == [0, 0]
    assert len(slack.texts) == 2
    assert "The Watchdog is back" in slack.texts[1]


def test_it_waits_as_long_as_the_settings_say(host, manager, slack):
    host.last_seen(200)
    host.want(manager, stale_seconds=300)
    assert host.check() == 0
    assert slack.got == []
    host.want(manager, stale_seconds=100)
    assert host.check() == 0
    assert len(slack.got) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, "[]", "HTTP 500"),
        (302, json.dumps(FIRING), "HTTP 302"),
        (200, "no json", "no answer"),
        (200, '{"a": 1}', "no answer"),
        (200, '[{"labels": {"alertname": "Watchdog2"}}]', "it has no Watchdog"),
        (200, "[]", "it has no Watchdog"),
    ],
)
def test_only_an_answer_with_a_watchdog_counts(host, manager, slack, status, body, said):
    manager.status, manager.body = status, body
    host.last_seen(HOUR)
    host.want(manager)
    assert host.check() == 0
    assert said in slack.texts[0]


def test_an_alertmanager_that_does_not_answer_is_named_with_its_reason(host, manager, slack):
    host.last_seen(HOUR)
    with Server() as gone:
        pass
    host.want(gone, manager)
    assert host.check() == 0
    assert f"{gone.url}: no answer: [Errno 111] Connection refused" in slack.texts[0]


def test_one_that_never_ends_its_answer_is_left_alone_after_some_seconds(host, slack):
    host.module.ASK_SECONDS = 0.3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        url, wanted = f"http://127.0.0.1:{silent.getsockname()[1]}", host.module.Wanted((), "prod")
        assert host.module.ask(url, wanted).startswith("no answer: no whole answer")
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("status", [301, 403, 404, 500])
def test_what_slack_did_not_take_is_told_at_the_next_look_and_the_exit_status_says_so(host, manager, slack, status):
    slack.status = status
    host.last_seen(HOUR)
    host.want(manager)
    assert [host.check(), host.check()] == [1, 1]
    slack.status = 200
    assert [host.check(), host.check()] == [0, 0]
    assert len(slack.got) == 3


def test_the_end_too_is_told_until_slack_takes_it(host, manager, slack):
    host.last_seen(HOUR, told=time.time() - 60)
    host.want(manager)
    manager.body, slack.status = json.dumps(FIRING), 500
    assert host.check() == 1
    slack.status = 200
    assert [host.check(), host.check()] == [0, 0]
    assert len(slack.got) == 2


@pytest.mark.parametrize("url", ["no url at all {}", "ftp://127.0.0.1{}", "http://127.0.0.1:1{}", "http://[{}"])
def test_the_url_is_in_no_line_whatever_is_wrong_with_it(host, manager, capsys, url):
    host.credential.write_text(url.format(PATH))
    host.last_seen(HOUR)
    host.want(manager)
    assert host.check() == 1
    said = capsys.readouterr()
    assert "Slack can not be told" in said.out
    assert "secret" not in said.out + said.err


def test_without_the_secret_the_journal_says_that_nobody_is_told(host, manager, capsys):
    host.credential.unlink()
    host.last_seen(HOUR)
    host.want(manager)
    assert host.check() == 1
    assert "there is no secret SLACK_WEBHOOK_URL" in capsys.readouterr().out


def test_while_all_is_well_the_secret_is_not_needed(host, manager):
    host.credential.unlink()
    manager.body = json.dumps(FIRING)
    host.want(manager)
    assert host.check() == 0


@pytest.mark.parametrize("spoilt", ["", "{", "[]", "null", '{"seen": "x"}', '{"seen": [1]}'])
def test_a_state_that_is_spoilt_is_a_new_beginning(host, manager, slack, spoilt):
    host.state.write_text(spoilt)
    host.want(manager)
    assert host.check() == 0
    assert slack.got == []
    assert host.known()["seen"] == pytest.approx(time.time(), abs=5)


def test_what_is_told_can_not_be_taken_for_markup():
    wanted = MODULE.Wanted(("http://am",), "a<b>&c")
    found = MODULE.text("gone", MODULE.State(seen=0.0), {"http://am": "<!channel>"}, wanted, 600.0)
    assert "a&lt;b&gt;&amp;c" in found
    assert "&lt;!channel&gt;" in found


@pytest.mark.parametrize("words", [[], ["nonsense"], ["check", "more"]])
def test_without_its_verb_it_says_what_it_can_do(words):
    done = subprocess.run([sys.executable, MODULE.__file__, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "watchdog check" in done.stderr
