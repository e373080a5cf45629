"""Times as people read them."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time on this machine; tests put another here."""
    return datetime.now(UTC)


def ago(iso: str, at: datetime) -> str:
    """How long before `at` something was, by a time as hosts write it; "?" where it is none."""
    try:
        return f"{span((at - datetime.fromisoformat(iso)).total_seconds())} ago"
    except (TypeError, ValueError):
        return "?"


def shown(iso: str | None, seconds: bool = True) -> str:
    """A UTC time as hosts write it ("2026-11-24T12:02:00Z"), without what everybody knows; "-" for none."""
    if not iso:
        return "-"
    return iso.replace("T", " ").removesuffix("Z")[: 19 if seconds else 16]


def span(seconds: float) -> str:
    """How long something took, or is ago."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(seconds, 0):.0f} s"
