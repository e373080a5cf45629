"""`.venv` from requirements.lock, every file checked by its hash."""

import ensurepip
import hashlib
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tools.setup import command, stamp
from tools.setup.paths import ROOT
from tools.setup.progress import Step

USUAL_SECONDS = 45.0
RECIPE = "1"


def folder(root: Path = ROOT) -> Path:
    """Return the checkout's venv."""
    return root / ".venv"


def base_python() -> str:
    """Return the Python that the venv is made from, also when set-up itself runs in a venv."""
    return str(getattr(sys, "_base_executable", sys.executable))


def bundled_pip() -> Path | None:
    """Return the pip that comes with this Python, a wheel that can be run without installing it."""
    places = [
        Path(ensurepip.__file__).parent / "_bundled",
        Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/nonexistent"),
    ]
    return next((wheel for place in places for wheel in sorted(place.glob("pip-*.whl"), reverse=True)), None)


def made_from(lock: bytes, root: Path, python: str = base_python(), version: str = sys.version) -> dict[str, str]:
    """Return what a venv depends on; its scripts have its absolute path, so a moved checkout needs a new one."""
    digest = hashlib.sha256(lock).hexdigest()
    return {"lock": digest, "python": f"{python} {version.split()[0]}", "root": str(root), "recipe": RECIPE}


def is_fresh(root: Path = ROOT) -> bool:
    """Tell whether the venv is whole and made from the present lock."""
    wanted = made_from((root / "requirements.lock").read_bytes(), root)
    return stamp.matches(folder(root) / "stamp.json", wanted) and (folder(root) / "bin" / "python").exists()


def make(step: Step, env: Mapping[str, str], root: Path = ROOT) -> str:
    """Make the venv anew unless it is fresh; return what was done."""
    if is_fresh(root):
        return "unchanged"
    step.usual, step.doing = USUAL_SECONDS, "installing requirements.lock into .venv"
    venv = folder(root)
    shutil.rmtree(venv, ignore_errors=True)
    env = {name: value for name, value in env.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")}
    command.run(step, "venv", [base_python(), "-m", "venv", venv], env=env)
    options = ["--require-hashes", "--no-deps", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    lock = root / "requirements.lock"
    pip: list[str | Path] = [venv / "bin" / "python", "-m", "pip", "install", "-q", *options, "-r", lock]
    command.run(step, "venv", pip, env={**env, "PIP_ROOT_USER_ACTION": "ignore"}, after="pip config list; make setup")
    stamp.write(venv / "stamp.json", made_from(lock.read_bytes(), root))
    return f"installed {_distributions(venv)} packages from requirements.lock"


def _distributions(venv: Path) -> int:
    return sum(1 for _ in venv.glob("lib/python*/site-packages/*.dist-info"))
