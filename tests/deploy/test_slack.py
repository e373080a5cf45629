"""Posting to Slack, against the stand-in's answers."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy import slack
from deploy.slack import SlackError, post


@pytest.fixture
def server():
    """Answers as it is told, and keeps what it was asked."""
    answers, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Authorization"], json.loads(body)))
            code, text, *heads = answers.pop(0)
            self.send_response(code)
            for name, value in heads:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    made.url, made.answers, made.asked = f"http://127.0.0.1:{made.server_port}/api/", answers, asked
    yield made
    made.shutdown()
    made.server_close()


GOOD = (200, '{"ok": true, "ts": "1.2"}')


def test_a_message_goes_into_its_thread(server):
    server.answers += [GOOD, GOOD]
    assert post(server.url, "xoxb-1", "C1", "a <b> & c") == "1.2"
    post(server.url, "xoxb-1", "C1", "d", "1.2", aloud=True)
    path, token, message = server.asked[0]
    assert (path, token) == ("/api/chat.postMessage", "Bearer xoxb-1")
    assert message == {"channel": "C1", "text": "a &lt;b&gt; &amp; c", "unfurl_links": False}
    assert server.asked[1][2]["thread_ts"] == "1.2"
    assert server.asked[1][2]["reply_broadcast"] is True


def test_it_waits_when_slack_asks_for_it(server, monkeypatch):
    waited = []
    monkeypatch.setattr(slack.time, "sleep", waited.append)
    server.answers += [(429, "", ("Retry-After", "30")), GOOD]
    assert post(server.url, "xoxb-1", "C1", "a") == "1.2"
    assert waited == [slack.PATIENCE]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, '{"ok": false, "error": "invalid_auth"}'), "invalid_auth"),
        ((503, "no"), "HTTP 503"),
        ((200, "[]"), "no JSON object"),
        ((302, "", ("Location", "http://127.0.0.1:1/")), "HTTP 302"),
    ],
)
def test_what_goes_wrong_is_told_without_the_token(server, answer, why):
    server.answers.append(answer)
    with pytest.raises(SlackError, match=why) as error:
        post(server.url, "xoxb-1", "C1", "a")
    assert "xoxb" not in str(error.value)


def test_a_slack_that_is_not_there_is_told_without_its_address():
    with pytest.raises(SlackError, match=r"^ConnectionError$"):
        post("http://127.0.0.1:9/secret", "xoxb-1", "C1", "a")
