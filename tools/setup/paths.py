"""Where set-up keeps things: the checkout, its state folder and the cache shared between checkouts."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
"""The checkout, with links resolved."""


def state(root: Path = ROOT) -> Path:
    """Return the folder of all that is generated in a checkout; private (0700) and ignored by git."""
    folder = root / ".state"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def log_file(step: str, root: Path = ROOT) -> Path:
    """Return the log of one set-up step, such as `.state/logs/pulumi-cli.log`."""
    folder = state(root) / "logs"
    folder.mkdir(exist_ok=True)
    return folder / f"{step}.log"


def shown(path: Path, root: Path = ROOT) -> str:
    """Return a path as people read it: relative inside the checkout, absolute outside."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def cache_folder(env: Mapping[str, str], home: str) -> Path:
    """Return the cache that all checkouts of one user share; a relative XDG_CACHE_HOME counts as unset, as XDG says."""
    chosen = env.get("XDG_CACHE_HOME", "")
    base = Path(chosen) if chosen.startswith("/") else Path(home) / ".cache"
    return base / "alert-threader"


def home(env: Mapping[str, str] = os.environ) -> str:
    """Return the home of the *effective* user: under sudo root's, so that root leaves nothing in the caller's home."""
    own = pwd.getpwuid(os.geteuid()).pw_dir
    return own if "SUDO_UID" in env else env.get("HOME") or own


def cache(env: Mapping[str, str] = os.environ) -> Path:
    """Return the cache folder of the effective user, made when absent."""
    folder = cache_folder(env, home(env))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
