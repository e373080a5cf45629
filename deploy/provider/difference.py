"""Which properties differ, by the keys with which `pulumi preview --diff` shows them line by line. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

ADD, DELETE, UPDATE = "add", "delete", "update"


def detailed(old: Mapping[str, Any], new: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The kind of difference of each property among `names`; of a map, of each entry: `files["/etc/x"]`."""
    found: dict[str, str] = {}
    for name in names:
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for key in sorted(before.keys() | after.keys()):
                _add(found, f'{name}["{key}"]', before.get(key), after.get(key))
        else:
            _add(found, name, before, after)
    return found


def _add(found: dict[str, str], key: str, before: Any, after: Any) -> None:
    if before != after:
        found[key] = ADD if before is None else DELETE if after is None else UPDATE
