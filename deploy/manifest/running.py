"""What an instance runs, as one phrase: a generation's name, and in brackets what is amiss. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

NOTHING: Final = "nothing"
DRAINED: Final = "drained at "
"""What is said of an instance to which an edge sends nothing; the edge's host follows."""
_NOT_DOWN: Final = ("current leads to ", "edited by hand", "restart pending", "unconfirmed", DRAINED)
"""What may be amiss with an instance that serves all the same."""


def running(instance: str, snapshot: Mapping[str, Any], drained: Sequence[str] = ()) -> str:
    """The generation that `instance` runs, then in brackets whatever keeps it from being as activated.

    `drained` are the hosts of edges that send it nothing.
    """
    found = snapshot["instances"].get(instance)
    if not found or found["current"] is None:
        return NOTHING
    generation = found["current"].rpartition("/")[2]
    return phrase(generation, [*_amiss(found, generation), *(f"{DRAINED}{edge}" for edge in drained)])


def phrase(generation: str, amiss: Sequence[str]) -> str:
    """A generation and what is amiss with it."""
    return f"{generation} ({', '.join(amiss)})" if amiss else generation


def generation_of(phrase: str) -> str | None:
    """The generation that a phrase of `running` names, or None."""
    return None if phrase.startswith(NOTHING) else phrase.split(" ")[0]


def amiss_of(phrase: str) -> tuple[str, ...]:
    """What a phrase says is amiss, word for word."""
    inside = phrase.partition(" (")[2].removesuffix(")")
    return tuple(inside.split(", ")) if inside else ()


def serves(phrase: str) -> bool:
    """Whether an instance of which this is said may be serving: something runs, whatever else is amiss."""
    return generation_of(phrase) is not None and all(word.startswith(_NOT_DOWN) for word in amiss_of(phrase))


def is_drained(phrase: str) -> bool:
    """Whether an edge sends nothing to it, whatever else is amiss."""
    return any(word.startswith(DRAINED) for word in amiss_of(phrase))


def only_drained(phrase: str) -> bool:
    """Whether nothing is amiss but that edges send nothing to it."""
    words = amiss_of(phrase)
    return bool(words) and all(word.startswith(DRAINED) for word in words)


def _amiss(found: Mapping[str, Any], generation: str) -> list[str]:
    unit = found["unit"] or {}
    state = unit.get("ActiveState", "unknown")
    staged = found["generations"].get(generation)
    checks = {
        f"current leads to {found['current']}": found["current"] != f"generations/{generation}",
        "missing": staged is None,
        "edited by hand": bool(staged and staged["damaged"]),
        "restart pending": found["repair"],
        "unconfirmed": found["pending"],
        state: state != "active",
    }
    return [reason for reason, holds in checks.items() if holds]
