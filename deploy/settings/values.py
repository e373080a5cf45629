"""What the variables of the threaders may hold: here is refused what a threader would refuse when it starts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from deploy.settings import addresses

TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of the variable
WEBHOOK: Final = "SLACK_WEBHOOK_URL"
REDIS: Final = "REDIS_URL"
FILE: Final = "THREAD_STORE_FILE"
STORE: Final = "THREAD_STORE"
BIND: Final = "BIND_HOST"
CHANNEL: Final = "SLACK_CHANNEL"
SLACK_API: Final = "SLACK_API_URL"
SLACK: Final = "https://slack.com/api"
"""What threaders call where SLACK_API_URL is unset."""
SYNTHETIC_KEY: Final = "SYNTHETIC_KEY"
SYNTHETIC_CHANNEL: Final = "SYNTHETIC_CHANNEL"
SHORTEST_KEY: Final = 16
"""Characters of a key that cannot be guessed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a number; `least` itself is too little where it has to be `above`. `whole`: without a fraction."""

    least: float
    most: float
    above: bool = False
    whole: bool = False

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} {'above' if self.above else 'from'} {self.least:.9g}{', up' * self.above} to {self.most:.9g}"

    def mistake(self, text: str) -> str | None:
        """What is wrong with a number as written; None if nothing is."""
        # The forms that threaders in all languages read alike: neither inf nor 0x10 nor 1_000.
        form = r"[+-]?[0-9]+(\.0+)?" if self.whole else r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
        if not re.fullmatch(form, text):
            return f"has to be {self}"
        good = self.least <= float(text) <= self.most and not (self.above and float(text) == self.least)
        return None if good else f"has to be {self}"


LIMITS: Final = MappingProxyType(
    {
        "SLACK_TIMEOUT": Limits(0.1, 20),
        "SLACK_MAX_WAIT": Limits(0, 20),
        "THREAD_TTL_DAYS": Limits(0, 3650, above=True),
        "MAX_BODY_BYTES": Limits(1024, 64 << 20, whole=True),
        "DRAIN_SECONDS": Limits(0, 300),
        "SHUTDOWN_TIMEOUT": Limits(1, 300, whole=True),
    }
)
WORDS: Final = MappingProxyType(
    {STORE: ("file", "redis", "memory"), "LOG_LEVEL": ("debug", "info", "warning", "error")}
)
SINGLE: Final = frozenset({CHANNEL, SYNTHETIC_CHANNEL, "ENVIRONMENT", "REDIS_KEY_PREFIX", BIND})
"""Variables that hold one word."""
LONGEST_WORD: Final = 200


def _is_web(text: str) -> bool:
    return text.startswith(("https://", "http://")) and addresses.is_web_address(text)


_WEB: Final = "is no http or https address"
_FORMS: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    TOKEN: (lambda text: bool(re.fullmatch("xox[^ ]*", text)), "is no token of a Slack bot, which starts with xoxb-"),
    WEBHOOK: (_is_web, _WEB),
    SLACK_API: (_is_web, _WEB),
    SYNTHETIC_KEY: (lambda text: len(text) >= SHORTEST_KEY, f"is shorter than {SHORTEST_KEY} characters"),
    REDIS: (
        lambda text: text.startswith(("redis://", "rediss://", "unix://")),
        "has to start with redis://, rediss:// or unix://",
    ),
    FILE: (lambda text: text.startswith("/"), "has to be an absolute path"),
}


def mistake(name: str, value: str) -> str | None:
    """What is wrong with the value of a known variable; None if nothing is, or if it is empty, which is unset."""
    text = value.strip()
    if not text:
        return None
    if name in LIMITS:
        return LIMITS[name].mistake(text)
    if name in WORDS:
        return None if text.lower() in WORDS[name] else f"has to be one of: {', '.join(WORDS[name])}"
    if name == SYNTHETIC_CHANNEL and not text.lstrip("#"):
        return "names no channel"
    if name in SINGLE:
        good = len(text) <= LONGEST_WORD and not re.search(r"\s", text)
        return None if good else f"has to be one word, at most {LONGEST_WORD} characters"
    right, reason = _FORMS.get(name, (None, ""))
    if right is not None and not right(text):
        return reason
    return _redis_mistake(text) if name == REDIS else None


def _redis_mistake(text: str) -> str | None:
    """What no threader understands in an address of Redis."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is no address: its host or its port is not understood"
    if parts.scheme != "unix" and (port == 0 or not re.fullmatch("/?[0-9]*", parts.path)):
        return (
            "is no address: after the host there may be a port and the number of a database, as in redis://HOST:6379/0"
        )
    return None
