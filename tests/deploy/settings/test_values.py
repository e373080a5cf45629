"""What is refused here is what the Python threader refuses at its start; the other threaders are like it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.settings.values import LIMITS, SINGLE, WORDS, mistake
from threader.settings import Settings, SettingsError, load

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "THREAD_STORE": "memory"}
ADDRESSES = ("SLACK_API_URL", "SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN", "REDIS_URL", "THREAD_STORE_FILE")
NAMES = st.sampled_from((*LIMITS, *SINGLE, *WORDS, *ADDRESSES))
NUMBERS = st.one_of(st.integers().map(str), st.floats().map(str), st.decimals().map(str), st.floats(0, 4000).map(str))
TEXTS = st.text(max_size=30).filter(lambda text: text.isprintable()) | st.text("#a x ", max_size=5)
URLS = st.sampled_from(
    ("https://h", "http://h:8/p", "redis://h:1/0", "unix:///r", "/a/b", "xoxb-2", "ftp://h", "https:")
)


def refused(name, value):
    try:
        load({**GOOD, name: value})
    except SettingsError as error:
        return any(line.split(":")[0].split("=")[0] == name for line in error.mistakes)
    return False


def known_limits(name):
    field = Settings.model_fields[name.lower()]
    told = {key: getattr(each, key) for each in field.metadata for key in ("ge", "gt", "le") if hasattr(each, key)}
    return told.get("ge", told.get("gt")), told["le"], "gt" in told, field.annotation is int


@pytest.mark.parametrize("name", LIMITS)
def test_the_limits_of_a_number_are_those_of_the_threader(name):
    limits = LIMITS[name]
    assert known_limits(name) == (limits.least, limits.most, limits.above, limits.whole)


def test_every_number_of_the_threader_has_limits_here():
    numbers = [name.upper() for name, field in Settings.model_fields.items() if field.annotation in (int, float)]
    assert sorted(numbers) == sorted((*LIMITS, "BIND_PORT"))


@settings(deadline=None)
@given(NAMES, NUMBERS | TEXTS | URLS)
@example("SLACK_TIMEOUT", "0.1")
@example("SHUTDOWN_TIMEOUT", "25.00")
@example("DRAIN_SECONDS", "1e2")
@example("SLACK_CHANNEL", "x" * 201)
@example("LOG_LEVEL", " INFO ")
@example("SYNTHETIC_CHANNEL", "#")
def test_what_is_taken_here_no_threader_refuses(name, value):
    if value.strip() and mistake(name, value) is None:  # empty is unset
        assert not refused(name, value)


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "SLACK_TIMEOUT": ("0.09", "20.1", "nan", "inf", "ten", "-1"),
        "SLACK_MAX_WAIT": ("-0.1", "20.5"),
        "THREAD_TTL_DAYS": ("0", "-1", "3651"),
        "MAX_BODY_BYTES": ("1023", "67108865", "2048.5", "1MB"),
        "DRAIN_SECONDS": ("-1", "300.5"),
        "SHUTDOWN_TIMEOUT": ("0", "301", "1.5"),
        "SLACK_CHANNEL": ("#a b", "#" + "a" * 200),
        "ENVIRONMENT": ("eu west",),
        "REDIS_KEY_PREFIX": ("a b",),
        "BIND_HOST": ("a b",),
        "LOG_LEVEL": ("loud",),
        "THREAD_STORE": ("disk",),
        "THREAD_STORE_FILE": ("threads.json",),
        "SLACK_API_URL": ("slack.com", "ftp://slack.com", "https://"),
        "SLACK_WEBHOOK_URL": ("slack.com", "HTTPS://slack.com"),
        "SLACK_BOT_TOKEN": ("secret", "xoxb-1 2"),
        "REDIS_URL": ("http://h",),
    }.items(),
)
def test_what_the_threader_refuses_is_refused_here(name, values):
    assert [(value, bool(mistake(name, value))) for value in values] == [
        (value, refused(name, value)) for value in values
    ]
    assert all(mistake(name, value) for value in values)


@pytest.mark.parametrize(
    "value", ["redis://h:port", "redis://h:70000", "redis://[h", "redis://h/zero", "redis://h/0/1"]
)
def test_an_address_of_redis_that_no_threader_understands_is_refused(value):
    assert mistake("REDIS_URL", value).startswith("is no address")


@pytest.mark.parametrize(
    "value", ["redis://h", "rediss://u:p@h:6380/3?protocol=3", "unix:///run/redis.sock", "redis://[::1]:1/"]
)
def test_an_address_of_redis_may_have_all_its_parts(value):
    assert mistake("REDIS_URL", value) is None
