"""Stamps: a small file, written last, that says what a folder was made from. No stamp: it was not finished."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path


def matches(path: Path, made_from: Mapping[str, str]) -> bool:
    """Tell whether the stamp says exactly this."""
    with contextlib.suppress(OSError, ValueError):
        return bool(json.loads(path.read_text()) == dict(made_from))
    return False


def write(path: Path, made_from: Mapping[str, str]) -> None:
    """Write the stamp in one step."""
    replace(path, json.dumps(dict(made_from), indent=2, sort_keys=True) + "\n")


def replace(path: Path, text: str, mode: int = 0o644) -> None:
    """Give a file new text in one step, so that an interrupted set-up leaves the old or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)
