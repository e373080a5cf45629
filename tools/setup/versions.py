"""Version numbers as they are compared here: digits and dots, anything after them ignored."""

import re

Version = tuple[int, ...]


def parse(text: str) -> Version:
    """Return `v3.230.0-dev` as (3, 230, 0); the empty tuple, older than all, when there is no number."""
    found = re.match(r"\s*(?:go|v)?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def text(version: Version) -> str:
    """Return (3, 230, 0) as `3.230.0`."""
    return ".".join(map(str, version))
