"""The Pulumi that is on this machine already."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.setup.versions import Version, parse


@dataclass(frozen=True)
class Found:
    """A `pulumi` program: where it lies (links followed) and what it says of itself."""

    path: Path
    version: Version
    language_host: bool
    """Whether the Python language host, which the CLI starts, lies beside it."""


def places(env: Mapping[str, str], homes: Iterable[str]) -> list[Path]:
    """Return the folders to look in: PATH, then where the official installer puts it in each home."""
    on_path = [Path(part) for part in env.get("PATH", "").split(os.pathsep) if part]
    return [*on_path, *(Path(home) / ".pulumi" / "bin" for home in homes)]


def look(folders: Iterable[Path], ours: Path) -> list[Found]:
    """Return every `pulumi` in the folders, but ours: in the cache folder `ours` or in any checkout's `.venv`."""
    paths = [(folder / "pulumi").resolve() for folder in folders if os.access(folder / "pulumi", os.X_OK)]
    theirs = [path for path in paths if ".venv" not in path.parts and not path.is_relative_to(ours.resolve())]
    return [_ask(path) for path in dict.fromkeys(theirs)]


def _ask(path: Path) -> Found:
    try:
        done = subprocess.run(
            [path, "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        version = parse(done.stdout)
    except (OSError, subprocess.TimeoutExpired):
        version = ()
    return Found(path, version, os.access(path.with_name("pulumi-language-python"), os.X_OK))
