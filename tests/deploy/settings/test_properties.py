"""Whatever the settings are, people get findings and never a traceback or a secret."""

import contextlib
import copy
import traceback

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.settings.errors import SECTIONS, SettingsError
from deploy.settings.load import load
from deploy.settings.specs import Secret

GOOD = {
    "hosts": [
        {"name": "app-1", "address": "10.99.0.11"},
        {"name": "app-2", "address": "10.99.0.12", "roles": ["threader", "edge", "monitor"]},
    ],
    "instances": [
        {"name": "py-a", "impl": "python", "port": 9009, "host": "app-1"},
        {"name": "py-b", "impl": "python", "port": 9010, "host": "app-2", "env": {"LOG_LEVEL": "info"}},
    ],
    "release": {"version": "1.0.0", "python": {"artifact": "dist/p.tar.gz"}},
    "rollout": {
        "strategy": "rolling",
        "keep": 5,
        "batch": 2,
        "max_unavailable": 2,
        "order": ["py-b"],
        "slot_offset": 500,
        "hold": "always",
        "canary": [{"instances": "50 %", "weight": 10}, {"instances": 2, "weight": 50}],
        "gates": [
            {"name": "errors", "kind": "promql", "query": "up", "success": "< 1", "failure": "> 2", "count": 2},
            {"name": "lines", "kind": "logql", "query": "x", "success": "== 0", "phases": ["after"]},
        ],
        "notify": {"channel": "C1"},
    },
    "health": {"path": "/health", "every": 60, "alertmanagers": ["http://am:9093"], "metrics": "/srv/metrics"},
    "edge": {"port": 9080, "bind": "0.0.0.0"},
    "env": {"SLACK_CHANNEL": "#alerts"},
    "secrets": {"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": "redis://10.99.0.1"},
    "monitoring": {
        "prometheus": {"port": 9090, "every": 5, "source": "package"},
        "loki": {"source": {"artifact": "dist/l.tar.gz", "sha256": "ab" * 32}},
        "grafana": "none",
        "objective": 99.5,
    },
    "hooks": {"before": ["true"]},
    "protect": False,
}
unhurried = settings(deadline=None)
WORDS = st.sampled_from(
    (
        *SECTIONS,
        *(
            "name",
            "impl",
            "port",
            "host",
            "role",
            "roles",
            "address",
            "env",
            "env_file",
            "version",
            "python",
            "artifact",
        ),
        *("sha256", "strategy", "canary", "app-1", "threader", "REDIS_URL", "BIND_PORT", "{path}", "{reason}"),
    )
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | WORDS, inner, max_size=5)
)
TEXT = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=16).map("zq9{}".format)
TOKENS = st.sampled_from(
    ["xoxb-{}", "https://hooks.slack.com/services/T/{}", "redis://:{}@h", "https://{}@h/a.tar.gz", "hvs.{}"]
)


def loaded(config, keys=frozenset({"secrets"}), environ=None):
    return load(config, secret_keys=keys, environ=environ or {}, stack="dev")


def places(data, path=()):
    """The path of everything in `data`."""
    yield path
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def planted(path, value):
    """The good config with another value at `path`."""
    config = copy.deepcopy(GOOD)
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return config


ALL_PLACES = [path for path in places(GOOD) if path]


@unhurried
@given(st.dictionaries(st.sampled_from(SECTIONS) | st.text(), DATA, max_size=8), st.frozensets(WORDS))
def test_any_data_loads_or_is_told_as_a_settings_error(config, keys):
    with contextlib.suppress(SettingsError):
        loaded(config, keys)


@unhurried
@given(st.sampled_from(ALL_PLACES), DATA)
@example(("instances", 0, "port"), 10**5000)
@example(("hosts", 0, "roles"), [10**5000])
@example(("release", "version"), "\ud800")
def test_the_good_config_with_anything_anywhere_loads_or_is_told(path, value):
    with contextlib.suppress(SettingsError):
        loaded(planted(path, value))


@unhurried
@given(st.sampled_from(ALL_PLACES), TOKENS, TEXT, st.booleans())
def test_a_token_in_a_wrong_place_is_never_printed(path, form, text, as_key):
    token = form.format(text)
    config = planted(path, {token: 1} if as_key else token)
    assert text not in everything_printed(config)


@unhurried
@given(TEXT, st.sampled_from(["secrets", "digest_key"]), st.sampled_from([str, lambda x: [x], lambda x: {"A": x}]))
def test_what_is_in_an_encrypted_section_is_never_printed(text, section, wrapped):
    for keys in (frozenset(), frozenset({section})):
        assert text not in everything_printed(GOOD | {section: wrapped(text)}, keys)


@unhurried
@given(TEXT, st.sampled_from(["{}", "redis://:{}@h", "\n{}"]))
def test_what_the_shell_gives_is_never_printed(text, form):
    value = form.format(text)
    config = GOOD | {"secrets": {"SLACK_BOT_TOKEN": "xoxb-1"}}
    assert text not in everything_printed(config, environ={"REDIS_URL": value, "VAULT_TOKEN": value})


MISTAKES = {
    ("hosts", 0, "port"): 0,
    ("hosts", 1, "lost"): "maybe",
    ("instances", 0, "port"): 70000,
    ("instances", 1, "host"): "app-9",
    ("instances", 1, "env"): {"BIND_PORT": 1},
    ("release", "version"): 1.0,
    ("rollout", "strategy"): "canaries",
    ("rollout", "batch"): 3,
    ("rollout", "slot_offset"): 0,
    ("rollout", "hold"): "seldom",
    ("rollout", "canary", 0, "weight"): 51,
    ("rollout", "canary", 1, "instances"): 3,
    ("rollout", "gates", 0, "success"): "low",
    ("rollout", "gates", 1, "name"): "errors",
    ("rollout", "notify", "channel"): "a b",
    ("rollout", "decision"): "promote",
    ("rollout", "order"): ["py-z"],
    ("health", "path"): "health",
    ("health", "timeout"): 60,
    ("health", "interval"): 30,
    ("health", "alertmanagers"): ["am"],
    ("edge", "port"): 9081,
    ("edge", "bind"): "app-2",
    ("monitoring", "prometheus", "port"): 80,
    ("monitoring", "loki", "source"): "package",
    ("monitoring", "node_port"): 70000,
    ("env", "SLACK_CHANNEL"): "a\nb",
    ("env", "DRAIN_SECONDS"): 301,
    ("env", "BIND_HOST"): "localhost",
    ("env", "THREAD_STORE"): "memory",
    ("hooks", "before"): "true",
    ("protect",): "maybe",
    ("relaese",): 1,
}


@unhurried
@given(st.sets(st.sampled_from(list(MISTAKES)), min_size=1))
def test_independent_mistakes_are_told_all_at_once(chosen):
    config = copy.deepcopy(GOOD)
    for path in chosen:
        inner = config
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = MISTAKES[path]
    with pytest.raises(SettingsError) as caught:
        loaded(config)
    assert len(caught.value.findings) == len(chosen)
    assert str(caught.value).endswith("pulumi preview --stack dev")


def test_a_secret_prints_as_redacted_everywhere():
    secret = Secret("hunter2")
    assert {f"{secret}", f"{secret!r}", str(secret), "%s" % secret} == {"[REDACTED]"}  # noqa: UP031
    assert "hunter2" not in repr([secret, {"a": secret}])


def everything_printed(config, keys=frozenset({"secrets"}), environ=None):
    try:
        fleet = loaded(config, keys, environ)
    except SettingsError as error:
        return "".join([str(error), repr(error), repr(error.findings), *traceback.format_exception(error)])
    shown = [fleet.hosts, fleet.instances, fleet.secrets, fleet.digest_key, fleet.sources, fleet.notes]
    return f"{fleet!r} {fleet} {shown}"
