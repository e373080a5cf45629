"""`make lock`: requirements.lock, with hashes and for every platform, from requirements.txt."""

import shutil
from pathlib import Path

from tools.setup import command, venv
from tools.setup.paths import ROOT, state
from tools.setup.progress import Step
from tools.setup.steps import outer

OPTIONS = ("--universal", "--generate-hashes", "--python-version", "3.11", "--custom-compile-command", "make lock")


def compile_lock() -> None:
    """Resolve anew with uv: the one on PATH, else one in a venv of its own, since nothing else here needs it."""
    step = Step("lock", usual=20.0)
    argv = [_uv(step), "pip", "compile", *OPTIONS, "-q", "-o", "requirements.lock", "requirements.txt"]
    command.run(step, "lock", argv, env=outer(), cwd=ROOT)
    step.done("requirements.lock is up to date")


def _uv(step: Step) -> str | Path:
    found = shutil.which("uv")
    if found:
        return found
    own = state() / "uv"
    if not (own / "bin" / "uv").exists():
        step.doing = "installing uv"
        command.run(step, "lock", [venv.base_python(), "-m", "venv", own], env=outer())
        command.run(step, "lock", [own / "bin" / "python", "-m", "pip", "install", "-q", "uv"], env=outer())
    return own / "bin" / "uv"
