"""Where the sources of the threaders are, and those of this builder."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVICES = HERE.parents[1] / "services"
