"""Which Pulumi is used, decided without doing anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tools.setup.pulumi_found import Found
from tools.setup.versions import Version, text

OLDEST: Version = (3, 220)
"""Older engines lack what our provider uses."""


class Kind(StrEnum):
    """Where the Pulumi CLI comes from, best first."""

    OWN = "own"
    CACHED = "cached"
    INSTALLER = "installer"
    BUILD = "build"


@dataclass(frozen=True)
class Source:
    """The choice, the folder when it is there already, and what people are told."""

    kind: Kind
    text: str
    folder: Path | None = None


def choose(found: Sequence[Found], cached: Sequence[Path], outside: Callable[[], bool]) -> Source:
    """Choose the user's own CLI, else one made or fetched before, else the installer, else the build.

    `outside` tells whether the installer's host answers; it is asked last, since the question takes seconds.
    """
    for own in found:
        if own.version >= OLDEST and own.language_host:
            return Source(Kind.OWN, f"yours: {text(own.version)} at {own.path}", own.path.parent)
    aside = "".join(f"; {own.path} is left alone ({refusal(own)})" for own in found)
    if cached:
        return Source(Kind.CACHED, f"from the cache: {cached[0]}{aside}", cached[0])
    if outside():
        return Source(Kind.INSTALLER, f"from the official installer{aside}")
    return Source(Kind.BUILD, f"built from its own Go modules{aside}")


def refusal(found: Found) -> str:
    """Return why a CLI on this machine is not used."""
    if not found.version:
        return "it does not run"
    if found.version < OLDEST:
        return f"{text(found.version)} is older than {text(OLDEST)}"
    return "its Python language host is not beside it"
