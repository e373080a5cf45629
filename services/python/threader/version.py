"""What this release calls itself."""

from __future__ import annotations

from pathlib import Path

IMPL = "python"
VERSION = (Path(__file__).parent / "VERSION").read_text(encoding="ascii").strip()
