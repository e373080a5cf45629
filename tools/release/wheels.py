"""The wheels of a lock: fetched by pip with hashes, for each target, once for all checkouts."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

from tools.release import cache
from tools.release.errors import ReleaseError
from tools.release.targets import Target

log = logging.getLogger(__name__)


def fetch(lock: Path, target: Target) -> list[Path]:
    """The wheels of a lock for one target, sorted by name. Raises ReleaseError."""
    requirements = without_markers(lock.read_text(encoding="utf-8"))
    digest = cache.digest_of([requirements.encode(), " ".join(target.pip_options).encode()])
    found = cache.folder("wheels", digest, lambda into: _download(requirements, target, into))
    return sorted(found.glob("*.whl"))


def without_markers(lock: str) -> str:
    """The lock without environment markers.

    pip judges markers by the Python it runs on, not by the target. A backport that a newer Python does not need is
    a few unused kilobytes.
    """
    return re.sub(r"^([A-Za-z0-9._-]+==[^ ;]+) *;[^\\\n]*", r"\1 ", lock, flags=re.MULTILINE)


def _download(requirements: str, target: Target, into: Path) -> None:
    log.info("fetching the wheels for Python %s.%s on %s", target.python[0], target.python[1:], target.arch)
    listed = into / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", *target.pip_options, "-d", str(into), "-r", str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "pip said nothing").splitlines()[-1]
        raise ReleaseError(f"wheels for Python {target.python} on {target.arch}", last, "see that pip works, try again")
