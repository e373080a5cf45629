"""The stacks whose config is committed exist in the checkout's own backend, so that they can be previewed at once."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tools.setup import command
from tools.setup.environment import chosen_by_user
from tools.setup.paths import ROOT, state
from tools.setup.progress import Step

COMMITTED: Final = ("staging", "prod")


def make(step: Step, env: Mapping[str, str], root: Path = ROOT) -> str:
    """Make each committed stack that the checkout's own backend lacks; a backend of the user's choice is left alone."""
    if chosen_by_user("PULUMI_BACKEND_URL", env):
        return "left to your own backend"
    kept = state(root) / "pulumi" / ".pulumi" / "stacks" / "alert-threader"
    missing = [name for name in COMMITTED if not any(kept.glob(f"{name}.json*"))]
    if missing:
        _init(step, env, missing, root)
    return f"{', '.join(COMMITTED)} can be previewed"


def _init(step: Step, env: Mapping[str, str], names: list[str], root: Path) -> None:
    """`stack init` writes a salt into the stack's config file: it gets a copy, so that the checkout stays clean."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(root / "Pulumi.yaml", folder)
        for name in names:
            words = ["pulumi", "--cwd", folder, "--non-interactive", "stack", "init", "--no-select", name]
            command.run(step, "pulumi-stacks", words, env=env)
