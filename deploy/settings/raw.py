"""Stack config as Pulumi hands it to a program: every value a text, objects as JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from deploy.settings.errors import NAMESPACE

_PREFIX: Final = f"{NAMESPACE}:"
_TEXTS: Final = frozenset({"digest_key", "protect"})
"""Sections that are one text. As JSON, a key like 12e45678 would be a number."""


def parsed(strings: Mapping[str, str]) -> dict[str, object]:
    """The sections of our namespace as plain data; text that is no JSON stays text, and `load` says what is wrong."""
    ours = {key.removeprefix(_PREFIX): text for key, text in strings.items() if key.startswith(_PREFIX)}
    return {key: text if key in _TEXTS else _data(text) for key, text in ours.items()}


def sections(keys: Iterable[str]) -> frozenset[str]:
    """Which sections of our namespace are among full config keys, as in the list of those with encrypted values."""
    return frozenset(key.removeprefix(_PREFIX) for key in keys if key.startswith(_PREFIX))


def _data(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
