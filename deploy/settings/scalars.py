"""The single values of the settings: how each is read, and what is said when it is wrong."""

import re
from collections.abc import Callable
from enum import StrEnum
from math import isfinite
from typing import Final, NoReturn, TypeVar

from pydantic_core import PydanticCustomError

from deploy.settings.masking import looks_secret
from deploy.settings.report import near

Value = TypeVar("Value")
Kind = TypeVar("Kind", bound=StrEnum)

_LONGEST_TEXT: Final = 8192
"""Characters in one value: every value is kept in Pulumi's state and its history, which large texts make slow."""
_LARGEST: Final = 2**63


def wrong(reason: str, suggestion: str = "") -> NoReturn:
    """Refuse a value; {path} in `suggestion` stands for the path of the setting."""
    raise PydanticCustomError("setting", "{reason}", {"reason": reason, "suggestion": suggestion})


def wrong_key(key: str, reason: str, suggestion: str = "") -> NoReturn:
    """Refuse a mapping for what it has, or has not, at `key`."""
    raise PydanticCustomError("setting", "{reason}", {"reason": reason, "suggestion": suggestion, "key": key})


def soft(reader: Callable[[object], Value], value: object) -> Value | None:
    """What a reader makes of a value, or None: for comparing values whose mistakes are told elsewhere."""
    try:
        return reader(value)
    except PydanticCustomError:
        return None


def text(value: object) -> str:
    """Text on one line. Whole numbers are text, too: Pulumi makes one of `config set --path ... 10`."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        value = str(value)
    if isinstance(value, float):
        wrong("has to be text, and YAML made a number of it", "write it in quotes")
    if not isinstance(value, str):
        wrong("has to be text")
    if any((ord(char) < 32 and char != "\t") or char in "\x7f\x85\u2028\u2029" for char in value):
        wrong("has a line break or another control character", "write it on one line, without a line break at its end")
    if any("\ud800" <= char <= "\udfff" for char in value):
        wrong("has a character that is none in Unicode")
    if len(value) > _LONGEST_TEXT:
        wrong(f"is longer than {_LONGEST_TEXT} characters")
    return value


def filled(value: object) -> str:
    """Text that is not empty and holds no secret."""
    found = text(value)
    if not found.strip():
        wrong("is empty")
    if looks_secret(found):
        wrong("a secret in plain text", "keep it out of the settings; secrets belong under alert-threader:secrets")
    return found


def variable(value: object) -> str:
    """The value of an environment variable: text, a number or true and false."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and isfinite(value):
        return str(value)
    return text(value) if isinstance(value, str | int) else wrong("has to be text, a number, true or false")


def integer(value: object, least: int, most: int, noun: str = "a whole number") -> int:
    """A whole number from `least` to `most`, also written as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        wrong(f"has to be {noun} from {least} to {most}")
    if not least <= value <= most:
        wrong(f"has to be {noun} from {least} to {most}")
    return value


def count(value: object) -> int:
    """How many of something, or how often: a whole number from 1 to 100."""
    return integer(value, 1, 100)


def seconds(value: object, least: float, most: float) -> float:
    """A time in seconds, also written as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        unit = isinstance(value, str) and re.fullmatch(r"([0-9.]{1,9}) *s(ec|econds?)?", value)
        wrong("has to be a number of seconds", f"write {unit[1]}" if unit else "")
    if not least <= value <= most:
        wrong(f"has to be from {least:g} to {most:g} seconds")
    return float(value)


def number(value: object, least: float, most: float, noun: str = "a number") -> float:
    """A number from `least` to `most`, also written as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        wrong(f"has to be {noun} from {least:.9g} to {most:.9g}")
    return float(value)


def percent(value: object) -> float:
    """A share in percent that is nearly all."""
    return number(value, 50, 99.999, "a percentage")


def flag(value: object) -> bool:
    """True or false, also written as text."""
    if isinstance(value, bool):
        return value
    return value == "true" if value in ("true", "false") else wrong("has to be true or false")


def choice(value: object, kinds: type[Kind], noun: str) -> Kind:
    """One of the words of an enumeration."""
    found = next((kind for kind in kinds if kind == value), None)
    if found is not None:
        return found
    words = [str(kind) for kind in kinds]
    close = near(value, words) if isinstance(value, str) else None
    command = f"did you mean {close}: pulumi config set --path '{{path}}' {close}"
    return wrong(f"unknown {noun}", command if close else f"one of: {', '.join(words)}")
