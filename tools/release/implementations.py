"""The threaders that can be released: a module with a recipe for each, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from tools.release.archive import Entry
from tools.release.errors import ReleaseError
from tools.release.go import Go
from tools.release.node import Node
from tools.release.paths import SERVICES
from tools.release.python import Python


class Recipe(Protocol):
    """How one implementation's artifact is made. Nothing is fetched or compiled before `entries` is asked for."""

    @property
    def suffix(self) -> str:
        """Behind the version in the artifact's name; empty for the architecture that everybody has."""

    def own_version(self) -> str:
        """The version that the sources say they are."""

    def parts(self, version: str) -> Iterable[bytes]:
        """All that decides about the bytes of the artifact: sources, locks, this recipe; the cache goes by it."""

    def entries(self, version: str) -> Mapping[str, Entry]:
        """The files of the artifact, an executable `run` among them. Raises ReleaseError."""


RECIPES: Mapping[str, Callable[[Path, tuple[str, ...]], Recipe]] = {
    "python": Python,
    "go": Go,
    "node": Node,
}
"""By name: makes the recipe from the folder of the sources and the architectures that are wanted."""


def recipe(impl: str, architectures: tuple[str, ...], service: Path | None = None) -> Recipe:
    """The recipe of an implementation, by default from its folder in this checkout. Raises ReleaseError."""
    if impl not in RECIPES:
        raise ReleaseError(f"--impl {impl}", f"must be one of {', '.join(RECIPES)}", "correct --impl")
    return RECIPES[impl](service or SERVICES / impl, architectures)
