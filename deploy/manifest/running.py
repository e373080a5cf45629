"""What an instance runs, as one phrase: a generation's name, and in brackets what is amiss. Pure."""

from collections.abc import Mapping
from typing import Any

NOTHING = "nothing"


def running(instance: str, snapshot: Mapping[str, Any]) -> str:
    """The generation that `instance` runs, followed in brackets by whatever keeps it from being as activated."""
    found = snapshot["instances"].get(instance)
    if not found or found["current"] is None:
        return NOTHING
    generation = found["current"].rpartition("/")[2]
    amiss = list(_amiss(found, generation))
    return f"{generation} ({', '.join(amiss)})" if amiss else generation


def generation_of(phrase: str) -> str | None:
    """The generation that a phrase of `running` names, or None."""
    return None if phrase.startswith(NOTHING) else phrase.split(" ")[0]


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
