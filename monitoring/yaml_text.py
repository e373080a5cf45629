"""YAML as it lies on hosts: keys in the order they were given, every value on a line of its own. Pure."""

import re
from typing import Any, Final

import yaml

_HEAD: Final = (
    "# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`."
)
_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_WIDE: Final = 10_000
"""No line is folded: a preview then shows a change of an expression as a change of one line."""


def yaml_text(value: Any) -> str:
    """The text of a configuration file."""
    return f"{_HEAD}\n" + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=_WIDE)


def duration(seconds: float) -> str:
    """Seconds as Prometheus has them, such as 90s, 5m, 6h, 3d or 1500ms."""
    if seconds != int(seconds):
        return f"{round(seconds * 1000)}ms"
    whole = int(seconds)
    unit, size = next((unit, size) for unit, size in _UNITS if whole % size == 0 and (whole or size == 1))
    return f"{whole // size}{unit}"


def seconds(text: str) -> float:
    """A duration of Prometheus, such as 1h30m, in seconds."""
    sizes = dict(_UNITS)
    return sum(int(number) * sizes[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))
