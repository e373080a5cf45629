"""The service as a process: its settings, its logs, its signals."""

from __future__ import annotations

import json
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.services.python.harness import TOKEN, alert_json, answers, free_port, process, wait_until, webhook_json


@pytest.fixture
def environ(slack, tmp_path):
    return {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_API_URL": slack.api_url,
        "STATE_DIRECTORY": str(tmp_path),
        "BIND_PORT": str(free_port()),
        "LOG_LEVEL": "debug",
        "DRAIN_SECONDS": "0",
    }


def url_of(environ) -> str:
    return f"http://127.0.0.1:{environ['BIND_PORT']}"


def test_wrong_settings_stop_it_with_78_and_all_mistakes():
    with process(BIND_PORT="x", THREAD_STORE="redis") as started:
        out, err = started.communicate(timeout=30)
    assert started.returncode == 78
    assert out == ""
    lines = err.splitlines()
    assert [line.split(":")[1].strip().split("=")[0] for line in lines[:-1]] == [
        "BIND_PORT",
        "REDIS_URL",
        "SLACK_BOT_TOKEN",
    ]
    assert lines[-1].startswith("next: ")


def test_a_store_that_can_never_work_stops_it_with_78(environ, tmp_path):
    (tmp_path / "file").write_text("")
    with process(**environ | {"THREAD_STORE_FILE": str(tmp_path / "file" / "threads.json")}) as started:
        _, err = started.communicate(timeout=30)
    assert started.returncode == 78
    assert str(tmp_path / "file") in err
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_told_without_a_traceback(environ, slack):
    taken = slack.url.rsplit(":", 1)[1]
    with process(**environ | {"BIND_PORT": taken}) as started:
        out, err = started.communicate(timeout=30)
    assert started.returncode == 1
    assert f"BIND_PORT={taken}: cannot listen: Address already in use" in err
    assert "Traceback" not in out + err


def test_threads_survive_a_restart_and_logs_are_json_without_the_token(environ, slack, tmp_path):
    logs = ""
    for status in ("firing", "resolved"):
        with process(**environ) as started:
            wait_until(lambda: answers(f"{url_of(environ)}/ready"))
            sent = requests.post(f"{url_of(environ)}/alert", json=webhook_json(alert_json(status)), timeout=5)
            assert sent.status_code == 200
            started.send_signal(signal.SIGTERM)
            out, err = started.communicate(timeout=30)
        assert (started.returncode, err) == (0, "")
        logs += out
    assert sent.json()["done"] == {"threaded": 1}
    assert TOKEN not in logs
    lines = [json.loads(line) for line in logs.splitlines()]
    assert all({"ts", "level", "msg"} <= line.keys() for line in lines)
    assert [line["msg"] for line in lines if line["msg"] in ("opened", "threaded")] == ["opened", "threaded"]
    assert stat.S_IMODE((tmp_path / "threads.json").stat().st_mode) == 0o600


def test_a_stop_says_draining_first_and_finishes_what_is_in_flight(environ, slack):
    requests.post(f"{slack.url}/_control", json={"fail": "429", "times": 1, "retry_after": 2}, timeout=5)
    with process(**environ | {"DRAIN_SECONDS": "0.7"}) as started, ThreadPoolExecutor() as pool:
        wait_until(lambda: answers(f"{url_of(environ)}/ready"))
        sent = pool.submit(requests.post, f"{url_of(environ)}/alert", json=webhook_json(alert_json()), timeout=20)
        wait_until(lambda: slack.standin.calls["chat.postMessage"] == 1)
        started.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        ready = requests.get(f"{url_of(environ)}/ready", timeout=5)
        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        assert requests.get(f"{url_of(environ)}/health", timeout=5).status_code == 200
        assert sent.result().json()["done"] == {"opened": 1}
        started.communicate(timeout=30)
    assert started.returncode == 0


def test_without_a_token_it_says_once_that_nothing_is_threaded(environ, slack):
    secret = "hush-hush-hush"
    chosen = environ | {"SLACK_BOT_TOKEN": "", "SLACK_WEBHOOK_URL": f"{slack.url}/services/T1/B1/{secret}"}
    with process(**chosen) as started:
        wait_until(lambda: answers(f"{url_of(environ)}/ready"))
        for status in ("firing", "resolved"):
            requests.post(f"{url_of(environ)}/alert", json=webhook_json(alert_json(status)), timeout=5)
        started.send_signal(signal.SIGTERM)
        out, _ = started.communicate(timeout=30)
    assert out.count("without threads") == 1
    assert secret not in out
    assert slack.standin.calls["incoming"] == 2


def test_a_secret_in_an_unreachable_address_is_not_logged(environ):
    secret = "hush-hush-hush"
    chosen = environ | {"SLACK_BOT_TOKEN": "", "SLACK_WEBHOOK_URL": f"http://127.0.0.1:1/services/T1/B1/{secret}"}
    with process(**chosen) as started:
        wait_until(lambda: answers(f"{url_of(environ)}/ready"))
        sent = requests.post(f"{url_of(environ)}/alert", json=webhook_json(alert_json()), timeout=5)
        started.send_signal(signal.SIGTERM)
        out, err = started.communicate(timeout=30)
    assert sent.status_code == 502
    assert secret not in sent.text + out + err
