"""The environment variables of the threaders: which are known, and which belong elsewhere."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import available, read, scalars
from deploy.settings.masking import Path, is_vault, looks_secret, secret_name, setting
from deploy.settings.report import Report, near
from deploy.settings.values import (
    BIND,
    CHANNEL,
    FILE,
    REDIS,
    SLACK_API,
    STORE,
    SYNTHETIC_CHANNEL,
    SYNTHETIC_KEY,
    TOKEN,
    WEBHOOK,
    mistake,
)

SECRET: Final = (TOKEN, WEBHOOK, REDIS, SYNTHETIC_KEY)

KNOWN: Final = (
    TOKEN,
    WEBHOOK,
    CHANNEL,
    SLACK_API,
    "SLACK_TIMEOUT",
    "SLACK_MAX_WAIT",
    "ENVIRONMENT",
    STORE,
    FILE,
    "THREAD_TTL_DAYS",
    REDIS,
    "REDIS_KEY_PREFIX",
    BIND,
    "MAX_BODY_BYTES",
    "DRAIN_SECONDS",
    "SHUTDOWN_TIMEOUT",
    "LOG_LEVEL",
    SYNTHETIC_KEY,
    SYNTHETIC_CHANNEL,
)
"""What a threader reads. Others are passed on, unless they look like one of these mistyped."""

GIVEN: Final = MappingProxyType({"BIND_PORT": "port", "INSTANCE": "name"})
"""Variables that an instance has from its own keys."""

_NEAR: Final = 0.88
"""Likeness (difflib) from which a name is a mistyped one: one letter of eight; REDIS_URI is, SLACK_APP_ID is not."""


def plain(raw: object, path: Path, report: Report) -> dict[str, str]:
    """The plain variables below `path`."""
    given = read.mapping(raw, path, report)
    found = {}
    for name, value in given.items():
        named = _check_name(name, value, (*path, name), report)
        text = _value(name, value, (*path, name), report)
        if named and text is not None and (secret_name(name) or name == WEBHOOK or looks_secret(text)):
            report.add((*path, name), text, "a secret in plain text", encrypt(name), secret=True)
        if text is not None:
            found[name] = text
    return found


def secret(given: Mapping[str, object], path: Path, report: Report) -> dict[str, str]:
    """The secret variables below `path`."""
    for name, value in given.items():
        _check_name(name, value, (*path, name), report)
    found = {name: _value(name, value, (*path, name), report) for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(name: str, value: object, path: Path, report: Report) -> str | None:
    hidden = secret_name(name) or (near(name, SECRET, _NEAR) is not None)
    try:
        found = scalars.variable(value)
    except PydanticCustomError as error:
        report.refused(path, value, error, secret=hidden)
        return None
    if is_vault(found) and not available.VAULT:
        report.add(path, found, "Vault is not available in this version", encrypt(name), secret=hidden)
        return None
    reason = mistake(name, found)
    if reason:
        report.add(path, found, reason, secret=hidden)
        return None
    return found


def _check_name(name: str, value: object, path: Path, report: Report) -> bool:
    """Whether a variable has a possible name. The value of one mistyped is masked: it may be a secret."""
    given = name if name in GIVEN else near(name, GIVEN, _NEAR)
    close = near(name, KNOWN, _NEAR)
    if name in KNOWN:
        return True
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name):
        report.add(path, value, "the name of a variable is made of letters, digits and _", secret=True)
    elif given:
        report.add(path, value, f"{given} follows from the instance", f"set {GIVEN[given]} of the instance")
    elif close:
        where = encrypt(close) if close in SECRET else f"did you mean {close}?"
        report.add(path, value, "no threader knows this variable", where, secret=True)
    return not (given or close)


def encrypt(name: str) -> str:
    """The command that makes a variable one of the secrets."""
    return f"pulumi config set --secret --path '{setting(('secrets', name))}'"
