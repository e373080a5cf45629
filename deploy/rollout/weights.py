"""How much of the traffic each server gets, as weights of the load balancer. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

FULL: Final = 100
"""The weight of a server of which nothing is said."""
MOST: Final = 200
"""The largest weight that is given; HAProxy takes 0 to 256 (its configuration manual, "weight")."""


def shared(share: float, candidates: Sequence[str], others: Sequence[str]) -> Mapping[str, int]:
    """Weights with which `candidates` together get `share` of all traffic (0 to 1), and `others` the rest.

    Within each group all get the same; nobody gets nothing. Without others the candidates get everything.
    """
    if not candidates or not others:
        return dict.fromkeys((*candidates, *others), FULL)
    mine, theirs = share / len(candidates), (1 - share) / len(others)
    scale = MOST / max(mine, theirs)
    sizes = {**dict.fromkeys(candidates, mine), **dict.fromkeys(others, theirs)}
    return {server: max(1, round(size * scale)) for server, size in sizes.items()}
