"""What preflight found, and the table that people read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters for the command that asked."""

    OK = "ok"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: its name, what came of it, and the command that mends it."""

    name: str
    level: Level
    text: str
    mend: str = ""


def ok(name: str, text: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(name, Level.OK, text)


def stop(name: str, text: str, mend: str) -> Finding:
    """Return a finding that the command cannot go on with."""
    return Finding(name, Level.STOP, text, mend)


def warn(name: str, text: str, mend: str = "") -> Finding:
    """Return a finding that costs something but stops nothing."""
    return Finding(name, Level.WARN, text, mend)


def softened(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with every `stop` as a warning: for commands that can do without."""
    return [replace(found, level=Level.WARN) if found.level is Level.STOP else found for found in findings]


def table(findings: Sequence[Finding]) -> str:
    """Return all findings, one line each, and under each that needs it the command that mends it."""
    width = max((len(found.name) for found in findings), default=0)
    lines = []
    for found in findings:
        lines.append(f"{found.level:<5} {found.name:<{width}}  {found.text}")
        if found.mend:
            lines.append(f"{'':<5} {'':<{width}}  mend: {found.mend}")
    return "\n".join(lines)
