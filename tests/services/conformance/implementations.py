"""The implementations and how each is started. One whose folder is not there is not listed."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SERVICES = Path(__file__).resolve().parents[3] / "services"


@dataclass(frozen=True)
class Implementation:
    """`command` gets a folder of its own, that outlives the process, and returns what to run."""

    name: str
    command: Callable[[Path], list[str]]
    environ: Mapping[str, str] = field(default_factory=dict)


def from_release(name: str) -> Implementation:
    """Started as a host does: the artifact's `run`."""

    def command(folder: Path) -> list[str]:
        from tools.release.build import build

        release = folder / "release"
        if not release.exists():
            made = build(out=folder / "dist", impl=name)
            release.mkdir()
            subprocess.run(["tar", "-xzf", made.path, "-C", release], check=True, timeout=60)
        return [str(release / "run")]

    return Implementation(name, command)


KNOWN = (
    # From its sources: its artifact needs wheels from the registry, and has tests of its own.
    Implementation(
        "python",
        lambda folder: [sys.executable, "-m", "threader"],
        {"PYTHONPATH": str(SERVICES / "python"), "PYTHONDONTWRITEBYTECODE": "1"},
    ),
    from_release("go"),
    from_release("node"),
)
IMPLEMENTATIONS = tuple(known for known in KNOWN if (SERVICES / known.name).is_dir())


def _param(*chosen: Implementation) -> Any:
    names = [one.name for one in chosen]
    marks = [] if set(names) == {"python"} else [pytest.mark.toolchain]
    return pytest.param(chosen if len(chosen) > 1 else chosen[0], id="-".join(names), marks=marks)


EACH = [_param(one) for one in IMPLEMENTATIONS]
PAIRS = [_param(*pair) for pair in itertools.product(IMPLEMENTATIONS, repeat=2)]
