"""The variables: the same names, the same limits, all mistakes at once."""

from __future__ import annotations

import json
import stat
import time

import pytest
import requests

from tests.services.conformance.harness import launched
from tests.services.python.harness import TOKEN, alert_json, free_port

pytestmark = pytest.mark.toolchain

WRONG = {
    "BIND_HOST": "a b",
    "BIND_PORT": "70000",
    "DRAIN_SECONDS": "301",
    "ENVIRONMENT": "a b",
    "INSTANCE": "x" * 201,
    "LOG_LEVEL": "loud",
    "MAX_BODY_BYTES": "1023",
    "REDIS_KEY_PREFIX": "a b",
    "REDIS_URL": "http://:hunter2@host",
    "SHUTDOWN_TIMEOUT": "0",
    "SLACK_API_URL": "ftp://slack.invalid",
    "SLACK_BOT_TOKEN": "hunter2",
    "SLACK_CHANNEL": "#a b",
    "SLACK_MAX_WAIT": "20.5",
    "SLACK_TIMEOUT": "nan",
    "SLACK_WEBHOOK_URL": "hunter2",
    "SYNTHETIC_CHANNEL": "#s y",
    "SYNTHETIC_KEY": "hunter2",
    "THREAD_STORE": "disk",
    "THREAD_STORE_FILE": "threads.json",
    "THREAD_TTL_DAYS": "0",
}


def refused(impl, folder, **environ: str) -> tuple[int, list[str], str]:
    """Exit code, the names in its lines, and all that it wrote."""
    with launched(impl, folder, environ) as threader:
        code = threader.process.wait(20)
    assert threader.out.read_text() == "", "mistakes go to stderr"
    *mistakes, last = threader.err.read_text().splitlines()
    assert last.startswith("next: ")
    assert all(line.startswith("threader: ") and line.count(": ") >= 2 for line in mistakes)
    names = [line.removeprefix("threader: ").split(":")[0].split("=")[0] for line in mistakes]
    return code, names, threader.said()


def test_every_mistake_is_told_at_once_one_line_each_and_no_secret_is_shown(impl, tmp_path):
    code, names, said = refused(impl, tmp_path, **WRONG)
    assert code == 78
    assert names == sorted(WRONG)
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({}, ["SLACK_BOT_TOKEN", "THREAD_STORE_FILE"]),
        ({"THREAD_STORE": "redis", "SLACK_BOT_TOKEN": " "}, ["REDIS_URL", "SLACK_BOT_TOKEN"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "BIND_PORT": "x", "THREAD_STORE": "memory"}, ["BIND_PORT"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "BIND_PORT": "0", "THREAD_STORE": "MEMORY"}, ["BIND_PORT"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SHUTDOWN_TIMEOUT": "1.5", "THREAD_STORE": "memory"}, ["SHUTDOWN_TIMEOUT"]),
        ({"SLACK_BOT_TOKEN": "xoxb 1", "SLACK_API_URL": "slack", "STATE_DIRECTORY": "/x"}, None),
    ],
)
def test_what_is_missing_or_no_number_is_named(impl, tmp_path, environ, names):
    code, told, _ = refused(impl, tmp_path, **environ)
    assert (code, told) == (78, names or ["SLACK_API_URL", "SLACK_BOT_TOKEN"])


KEY, CHANNEL = {"SYNTHETIC_KEY": "k" * 16}, {"SYNTHETIC_CHANNEL": "#synthetic"}
HOOK = {"SLACK_BOT_TOKEN": "", "SLACK_WEBHOOK_URL": "http://127.0.0.1:1/services/T1/B1/X"}


@pytest.mark.parametrize(
    ("environ", "mistake"),
    [
        (KEY, "SYNTHETIC_CHANNEL: missing, SYNTHETIC_KEY is set"),
        (CHANNEL, "SYNTHETIC_KEY: missing, SYNTHETIC_CHANNEL is set"),
        (CHANNEL | {"SYNTHETIC_KEY": "k" * 15}, "SYNTHETIC_KEY: must have at least 16 characters"),
        (KEY | {"SYNTHETIC_CHANNEL": "alerts-info"}, "SYNTHETIC_CHANNEL='alerts-info': must not be a channel of real"),
        (
            KEY | {"SYNTHETIC_CHANNEL": "#ops", "SLACK_CHANNEL": "ops"},
            "SYNTHETIC_CHANNEL='#ops': must not be a channel of real alerts",
        ),
        (KEY | CHANNEL | HOOK, "SYNTHETIC_CHANNEL='#synthetic': needs SLACK_BOT_TOKEN"),
    ],
)
def test_synthetic_alerts_need_a_key_and_a_channel_that_no_real_alert_goes_to(impl, tmp_path, environ, mistake):
    code, names, said = refused(impl, tmp_path, **{"SLACK_BOT_TOKEN": "xoxb-1", "THREAD_STORE": "memory"} | environ)
    assert (code, len(names)) == (78, 1)
    assert f"threader: {mistake}" in said


def test_a_store_that_can_never_work_is_a_wrong_setting(impl, tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "threads.json"
    code, names, said = refused(impl, tmp_path / "log", SLACK_BOT_TOKEN="xoxb-1", THREAD_STORE_FILE=str(path))
    assert (code, names) == (78, ["THREAD_STORE"])
    assert str(tmp_path / "file") in said


def test_a_port_that_is_taken_is_told_and_is_worth_another_try(impl, start, slack):
    taken = slack.url.rsplit(":", 1)[1]
    with pytest.raises(AssertionError, match=f"ended with 1(?s:.*)BIND_PORT={taken}: cannot listen: Address already"):
        start(impl, BIND_PORT=taken).__enter__()


def test_empty_variables_count_as_unset_and_words_in_capitals_are_taken(impl, start, told):
    unset = dict.fromkeys(("SLACK_CHANNEL", "REDIS_URL", "SLACK_WEBHOOK_URL", "REDIS_KEY_PREFIX"), "  ")
    with start(impl, **unset, THREAD_STORE="Memory", LOG_LEVEL="INFO") as threader:
        assert threader.alert(alert_json()).json()["done"] == {"opened": 1}
    assert told() == [["Firing"]]


def test_channel_environment_and_instance_are_used(impl, start, slack, told):
    with start(impl, SLACK_CHANNEL="#elsewhere", ENVIRONMENT="prod<1>", INSTANCE="wörker-1") as threader:
        threader.alert(alert_json())
        assert threader.get("/health").json()["instance"] == "wörker-1"
        (info,) = [name for name in threader.metrics() if name.startswith("threader_info{")]
    assert 'environment="prod<1>"' in info
    assert 'instance="wörker-1"' in info
    assert told("elsewhere") == [["Firing"]]
    assert "prod&lt;1&gt;" in slack.standin.workspace.channel("elsewhere").messages[0].text
    assert {line["instance"] for line in threader.lines()} == {"wörker-1"}


def test_it_listens_where_it_is_told(impl, start):
    port = str(free_port())
    with start(impl, BIND_HOST="127.0.0.2", BIND_PORT=port) as threader:
        assert threader.get("/health").status_code == 200
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/health", timeout=2)


def test_the_file_lies_in_the_first_state_directory_and_is_private(impl, start, tmp_path):
    with start(impl, THREAD_STORE="", STATE_DIRECTORY=f"{tmp_path}/state:/elsewhere") as threader:
        threader.alert(alert_json())
    path = tmp_path / "state" / "threads.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (incident,) = json.loads(path.read_text())["incidents"]
    assert incident == "f1:20261123T220000.123456Z"


def test_an_incident_is_forgotten_after_its_days(impl, start, told):
    with start(impl, THREAD_TTL_DAYS=str(0.5 / 86400)) as threader:
        threader.alert(alert_json())
        time.sleep(0.7)
        assert threader.alert(alert_json()).json()["done"] == {"opened": 1}
    assert told() == [["Firing"], ["Firing"]]


def test_without_a_token_a_webhook_address_is_posted_to_without_threads(impl, start, slack, told):
    secret = "hush-hush-hush"
    chosen = {"SLACK_BOT_TOKEN": "", "SLACK_WEBHOOK_URL": f"{slack.url}/services/T1/B1/{secret}", "LOG_LEVEL": "debug"}
    with start(impl, **chosen) as threader:
        done = [threader.alert(alert_json(status)).json()["done"] for status in ("firing", "firing", "resolved")]
        assert threader.end() == 0
    assert done == [{"opened": 1}, {"duplicate": 1}, {"unthreaded": 1}]
    assert told("alerts-webhook") == [["Firing"], ["Resolved"]]
    assert [list(json.loads(r.body)) for r in slack.standin.recorded] == [["text", "attachments"]] * 2
    assert all("authorization" not in r.headers for r in slack.standin.recorded)
    assert threader.said().count("without threads") == 1
    assert secret not in threader.said()
    assert TOKEN not in threader.said()
