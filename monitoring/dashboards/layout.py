"""Where panels lie: from left to right in Grafana's grid of 24 columns, and in the next row where one does not fit."""

from collections.abc import Iterable
from typing import Final, NamedTuple

COLUMNS: Final = 24


class Place(NamedTuple):
    """The corner at the top left, and the size."""

    x: int
    y: int
    width: int
    height: int


def places(sizes: Iterable[tuple[int, int]]) -> tuple[Place, ...]:
    """The place of each (width, height), in order; a row is as high as its highest."""
    found: list[Place] = []
    x = y = tallest = 0
    for width, height in sizes:
        if x + width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        found.append(Place(x, y, width, height))
        x, tallest = x + width, max(tallest, height)
    return tuple(found)
