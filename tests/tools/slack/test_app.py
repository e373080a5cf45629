from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tools.slack.app import StandIn
from tools.slack.running import Running, running


@pytest.fixture
def slack() -> Iterator[Running]:
    with running(StandIn(token="xoxb-right")) as started:
        yield started


def call(slack: Running, method: str, token: str = "xoxb-right", **payload: object) -> dict:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.post(f"{slack.api_url}/{method}", json=payload, headers=headers, timeout=5).json()


def test_posts_threads_and_reads_back(slack):
    first = call(slack, "chat.postMessage", channel="#a", text="one")
    assert first["ok"]
    call(slack, "chat.postMessage", channel=first["channel"], text="two", thread_ts=first["ts"])
    (told,) = call(slack, "conversations.history", channel="#a")["messages"]
    assert (told["text"], told["reply_count"]) == ("one", 1)
    replies = call(slack, "conversations.replies", channel="#a", ts=first["ts"])["messages"]
    assert [m["text"] for m in replies] == ["one", "two"]
    assert {m["thread_ts"] for m in replies} == {first["ts"]}
    (channel,) = call(slack, "conversations.list")["channels"]
    assert (channel["name"], channel["id"]) == ("a", first["channel"])


def test_a_form_with_the_token_in_it_works_as_json_does(slack):
    form = {"token": "xoxb-right", "channel": "#a", "text": "hi", "attachments": '[{"text": "more"}]'}
    answer = requests.post(f"{slack.api_url}/chat.postMessage", data=form, timeout=5).json()
    assert answer["message"]["attachments"] == [{"text": "more"}]


def test_json_without_a_charset_is_warned_of(slack):
    assert call(slack, "api.test")["warning"] == "missing_charset"


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("chat.postMessage", "", "not_authed"),
        ("chat.postMessage", "xoxb-wrong", "invalid_auth"),
        ("chat.sing", "xoxb-right", "unknown_method"),
        ("conversations.history", "xoxb-right", "channel_not_found"),
    ],
)
def test_a_refusal_is_200_with_ok_false(slack, method, token, error):
    assert call(slack, method, token, channel="nowhere" if "history" in method else "#a", text="x") == {
        "ok": False,
        "error": error,
    }


def test_any_bot_token_is_let_in_when_none_was_set():
    with running() as slack:
        assert call(slack, "auth.test", "xoxb-anything")["ok"]
        assert call(slack, "auth.test", "anything")["error"] == "invalid_auth"


def test_long_lists_come_in_pages(slack):
    for n in range(5):
        call(slack, "chat.postMessage", channel="#a", text=str(n))
    seen, cursor = [], ""
    while True:
        page = call(slack, "conversations.history", channel="#a", limit=2, cursor=cursor)
        seen += [m["text"] for m in page["messages"]]
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        if not cursor:
            break
    assert seen == ["4", "3", "2", "1", "0"]
    assert call(slack, "conversations.history", channel="#a", cursor="x")["error"] == "invalid_cursor"


def test_an_incoming_webhook_answers_ok_and_nothing_else(slack):
    def send(**json: object) -> requests.Response:
        return requests.post(f"{slack.url}/services/T/B/X", json=json, timeout=5)

    assert (send(text="hi").status_code, send(text="hi").text) == (200, "ok")
    assert (send().status_code, send().text) == (400, "no_text")


def test_faults_are_switched_over_http(slack):
    control = f"{slack.url}/_control"
    url, token = f"{slack.api_url}/chat.postMessage", {"Authorization": "Bearer xoxb-right"}
    requests.post(control, json={"fail": "429", "retry_after": 7, "times": 1}, timeout=5)
    answer = requests.post(url, json={"channel": "#a", "text": "x"}, headers=token, timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["error"]) == (429, "7", "ratelimited")
    assert call(slack, "chat.postMessage", channel="#a", text="x")["ok"]
    requests.post(control, json={"fail": "lost", "times": 1}, timeout=5)
    assert requests.post(url, json={"channel": "#a", "text": "y"}, headers=token, timeout=5).status_code == 500
    assert len(call(slack, "conversations.history", channel="#a")["messages"]) == 2
    assert requests.get(control, timeout=5).json()["calls"]["chat.postMessage"] == 3
    assert requests.post(control, json={"fail": "nonsense"}, timeout=5).status_code == 422
    requests.post(control, json={"clear": True}, timeout=5)
    assert call(slack, "conversations.history", channel="#a")["messages"] == []


def test_the_command_tells_its_addresses_and_stops_when_asked():
    command = [sys.executable, "-m", "tools.slack", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        url = started.stdout.readline().rsplit("=", 1)[1].strip()
        assert call(Running(url.removesuffix("/api"), StandIn()), "auth.test", "xoxb-1")["ok"]
        taken = subprocess.run(
            [*command[:-1], url.split(":")[2].split("/")[0]], capture_output=True, text=True, timeout=20, check=False
        )
        started.terminate()
    assert started.returncode in (0, -15)
    assert taken.returncode == 1
    assert "next: choose another --port" in taken.stderr
    assert "Traceback" not in taken.stderr
