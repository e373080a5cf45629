"""Writes services/python/requirements.lock: one set of versions for every Python that a host may have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.release.errors import ReleaseError
from tools.release.python import SERVICE
from tools.release.targets import PYTHONS

HEADER = "# Written by `python -m tools.release lock` from requirements.txt. Do not edit.\n"


def write_lock(service: Path = SERVICE) -> Path:
    """Resolve requirements.txt and write the lock with hashes. Raises ReleaseError."""
    oldest = f"{PYTHONS[0][0]}.{PYTHONS[0][1:]}"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy=fewest"]
    command += [f"--python-version={oldest}", "--no-python-downloads", "--generate-hashes", "--no-header"]
    done = subprocess.run(
        [*command, "requirements.txt"], cwd=service, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if done.returncode:
        last = (done.stderr.strip() or "uv said nothing").splitlines()[-1]
        raise ReleaseError("requirements.txt", last, "make setup, or pip install uv into .venv, then try again")
    lock = service / "requirements.lock"
    lock.write_text(HEADER + done.stdout, encoding="utf-8")
    return lock
