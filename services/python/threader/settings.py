"""The threader's settings: environment variables, checked all at once before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

Word = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=200)]
SECRETS = frozenset({"SLACK_BOT_TOKEN", "SLACK_WEBHOOK_URL", "REDIS_URL", "SYNTHETIC_KEY"})
SHORTEST_KEY = 16  # characters
READ_BY_PEOPLE = frozenset({"alerts-critical", "alerts-warning", "alerts-info"})


class SettingsError(Exception):
    """Mistakes in the environment, one sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Settings(BaseModel):
    """Every variable the threader reads; the name in the environment is the field's in capitals."""

    model_config = ConfigDict(frozen=True)

    slack_bot_token: SecretStr | None = None
    """Token of the Slack app (xoxb-...) with the scope chat:write (and chat:write.public, or it joins the channels)."""
    slack_webhook_url: SecretStr | None = None
    """Incoming webhook, used only without a token: it returns no message id, so nothing can be threaded."""
    slack_channel: Word | None = None
    """One channel for everything; unset: #alerts-critical, #alerts-warning or #alerts-info by severity."""
    slack_api_url: AnyHttpUrl = AnyHttpUrl("https://slack.com/api")
    slack_timeout: float = Field(default=10.0, ge=0.1, le=20)
    """Seconds for one call to connect, and again to answer."""
    slack_max_wait: float = Field(default=5.0, ge=0, le=20)
    """Seconds that one webhook may wait in all when Slack says "too fast"; after it Alertmanager is asked to retry."""
    environment: Word = "production"
    instance: Word = "threader"
    thread_store: Literal["file", "redis", "memory"] = "file"
    """Where thread ids live; unset: redis when REDIS_URL is set, else file. Memory forgets all at a restart."""
    thread_store_file: Path | None = None
    """Unset: threads.json in systemd's STATE_DIRECTORY."""
    thread_ttl_days: float = Field(default=30, gt=0, le=3650)
    """Days after its last change that an incident is forgotten."""
    redis_url: SecretStr | None = None
    redis_key_prefix: Word = "alert-threader:"
    bind_host: Word = "127.0.0.1"
    bind_port: int = Field(default=9009, ge=1, le=65535)
    max_body_bytes: int = Field(default=1 << 20, ge=1024, le=64 << 20)
    drain_seconds: float = Field(default=1.0, ge=0, le=300)
    """Seconds that /ready says 503 after SIGTERM while new requests are still served."""
    shutdown_timeout: int = Field(default=25, ge=1, le=300)
    """Seconds that requests in flight get to finish after that."""
    synthetic_key: SecretStr | None = None
    """Whoever signs with it may send synthetic alerts; unset: nobody may."""
    synthetic_channel: Word | None = None
    """The only channel that synthetic alerts are posted to; nobody should read it."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def longest_delivery(self) -> float:
        """Seconds that one alert can take at most: two calls to Slack (the thread may be gone) and waits between."""
        return 4 * self.slack_timeout + self.slack_max_wait + 10

    def secrets(self) -> list[str]:
        """Every text that must not appear in a log."""
        held = (self.slack_bot_token, self.slack_webhook_url, self.redis_url, self.synthetic_key)
        return [s.get_secret_value() for s in held if s is not None]


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check the environment; an empty variable counts as unset. Raises SettingsError with all mistakes."""
    raw = {
        name: environ[name.upper()].strip() for name in Settings.model_fields if environ.get(name.upper(), "").strip()
    }
    for name in ("log_level", "thread_store"):
        if name in raw:
            raw[name] = raw[name].lower()
    raw.setdefault("thread_store", "redis" if "redis_url" in raw else "file")
    if "thread_store_file" not in raw and environ.get("STATE_DIRECTORY"):
        raw["thread_store_file"] = environ["STATE_DIRECTORY"].split(":")[0] + "/threads.json"
    mistakes = _mistakes_between(raw)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        mistakes += [_sentence(str(e["loc"][0]).upper(), raw, e["msg"]) for e in error.errors(include_input=False)]
    if mistakes:
        raise SettingsError(sorted(mistakes))
    return settings


def _sentence(name: str, raw: Mapping[str, str], reason: str) -> str:
    shown = "" if name in SECRETS else f"={raw[name.lower()]!r}"
    return f"{name}{shown}: {reason[0].lower()}{reason[1:]}"


def _mistakes_between(raw: Mapping[str, str]) -> list[str]:
    """What no single field can know, and what must be said without showing the value."""
    checks = [
        (
            "slack_bot_token" not in raw and "slack_webhook_url" not in raw,
            "SLACK_BOT_TOKEN: missing (or set SLACK_WEBHOOK_URL for messages without threads)",
        ),
        (
            not raw.get("slack_bot_token", "xox").startswith("xox") or " " in raw.get("slack_bot_token", ""),
            "SLACK_BOT_TOKEN: is not a Slack token (it starts with xoxb-)",
        ),
        (
            not raw.get("slack_webhook_url", "http://").startswith(("https://", "http://")),
            "SLACK_WEBHOOK_URL: is not an http(s) address",
        ),
        (raw["thread_store"] == "redis" and "redis_url" not in raw, "REDIS_URL: missing, THREAD_STORE is redis"),
        (
            not raw.get("redis_url", "redis://").startswith(("redis://", "rediss://", "unix://")),
            "REDIS_URL: must start with redis://, rediss:// or unix://",
        ),
        (
            raw["thread_store"] == "file" and "thread_store_file" not in raw,
            "THREAD_STORE_FILE: missing, THREAD_STORE is file",
        ),
        (
            not raw.get("thread_store_file", "/").startswith("/"),
            f"THREAD_STORE_FILE={raw.get('thread_store_file')!r}: must be an absolute path",
        ),
        *_synthetic_mistakes(raw),
    ]
    return [sentence for wrong, sentence in checks if wrong]


def _synthetic_mistakes(raw: Mapping[str, str]) -> list[tuple[bool, str]]:
    key, channel = raw.get("synthetic_key"), raw.get("synthetic_channel")
    read_by_people = READ_BY_PEOPLE | {raw.get("slack_channel", "").lstrip("#")}
    return [
        (
            key is not None and len(key) < SHORTEST_KEY,
            f"SYNTHETIC_KEY: must have at least {SHORTEST_KEY} characters",
        ),
        (key is None and channel is not None, "SYNTHETIC_KEY: missing, SYNTHETIC_CHANNEL is set"),
        (channel is None and key is not None, "SYNTHETIC_CHANNEL: missing, SYNTHETIC_KEY is set"),
        (
            channel is not None and channel.lstrip("#") in read_by_people,
            f"SYNTHETIC_CHANNEL={channel!r}: must not be a channel of real alerts",
        ),
        (
            channel is not None and "slack_webhook_url" in raw and "slack_bot_token" not in raw,
            f"SYNTHETIC_CHANNEL={channel!r}: needs SLACK_BOT_TOKEN, as an incoming webhook has one channel for all",
        ),
    ]
