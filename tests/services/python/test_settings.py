from __future__ import annotations

import pytest

from threader.settings import SettingsError, load

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "THREAD_STORE": "memory"}


def mistakes(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return caught.value.mistakes


def test_the_defaults_are_those_of_the_documentation():
    settings = load(GOOD)
    assert (settings.bind_host, settings.bind_port, settings.log_level) == ("127.0.0.1", 9009, "info")
    assert str(settings.slack_api_url).rstrip("/") == "https://slack.com/api"
    assert settings.redis_key_prefix == "alert-threader:"


def test_an_empty_variable_counts_as_unset():
    assert load(GOOD | {"SLACK_CHANNEL": "", "BIND_PORT": " "}).bind_port == 9009


def test_all_mistakes_are_told_at_once_one_line_each():
    told = mistakes(SLACK_CHANNEL="a b", BIND_PORT="99999", THREAD_STORE="disk", REDIS_URL="foo", LOG_LEVEL="loud")
    names = [line.split("=")[0].split(":")[0] for line in told]
    assert names == ["BIND_PORT", "LOG_LEVEL", "REDIS_URL", "SLACK_BOT_TOKEN", "SLACK_CHANNEL", "THREAD_STORE"]
    assert all("\n" not in line for line in told)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SLACK_BOT_TOKEN", "hunter2"), ("SLACK_WEBHOOK_URL", "hunter2"), ("REDIS_URL", "http://:hunter2@host")],
)
def test_a_wrong_secret_is_named_but_never_shown(name, value):
    told = mistakes(**{"SLACK_BOT_TOKEN": "xoxb-1", "THREAD_STORE": "memory", name: value})
    assert [line.split(":")[0] for line in told] == [name]
    assert "hunter2" not in str(told)


def test_a_redis_address_alone_chooses_redis():
    assert load({"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": "redis://h"}).thread_store == "redis"


def test_the_file_lies_in_the_state_directory_of_systemd():
    settings = load({"SLACK_BOT_TOKEN": "xoxb-1", "STATE_DIRECTORY": "/var/lib/x"})
    assert str(settings.thread_store_file) == "/var/lib/x/threads.json"


def test_what_the_chosen_store_needs_is_asked_for():
    assert "THREAD_STORE_FILE: missing" in mistakes(SLACK_BOT_TOKEN="xoxb-1")[0]
    assert "REDIS_URL: missing" in mistakes(SLACK_BOT_TOKEN="xoxb-1", THREAD_STORE="redis")[0]
    assert "absolute" in mistakes(SLACK_BOT_TOKEN="xoxb-1", THREAD_STORE_FILE="threads.json")[0]


def test_a_webhook_without_a_token_is_enough():
    assert load({"SLACK_WEBHOOK_URL": "https://hooks.invalid/services/T/B/X", "THREAD_STORE": "memory"})


def test_secrets_do_not_show_when_settings_are_printed():
    settings = load(GOOD | {"REDIS_URL": "redis://:pw1@h", "SLACK_WEBHOOK_URL": "https://h/services/T/B/pw2"})
    assert not any(secret in repr(settings) for secret in ("xoxb-1", "pw1", "pw2"))
    assert len(settings.secrets()) == 3
