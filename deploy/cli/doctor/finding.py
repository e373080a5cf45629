"""What came of one thing that was tried."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: on which host ("here" is the operator's machine), what, and what came of it."""

    where: str
    what: str
    ok: bool
    text: str
    fault: str | None = None
    """The name of the fault in `deploy.faults`, for programs."""
