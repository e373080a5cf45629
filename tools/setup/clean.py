"""`make clean`: what can be made again goes; stacks, their passphrase and fleets stay."""

import shutil
from pathlib import Path

from tools.setup.paths import ROOT

GENERATED = (
    ".venv",
    "dist",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".state/logs",
    ".state/uv",
)


def remove(root: Path = ROOT) -> str:
    """Remove what was generated and return what was kept."""
    folders = [root / name for name in GENERATED]
    folders += [path for path in root.rglob("__pycache__") if ".venv" not in path.relative_to(root).parts]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    kept = [name for name in ("pulumi", "passphrase", "fleet") if (root / ".state" / name).exists()]
    names = " ".join(kept) or "nothing"
    return f"removed what make setup makes; kept in .state: {names}    (rm -rf .state removes your stacks)"
