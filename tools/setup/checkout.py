"""The small files of a checkout: passphrase, backend folder, activate, the `threader` and `redis-server` commands."""

import json
import os
import secrets
from pathlib import Path
from shlex import quote

from tools.setup import activate, environment, packages, stamp
from tools.setup.paths import ROOT, state

LAUNCHER = """\
#!/bin/sh
# Written by make setup: the command line of the checkout below, from any folder.
root={root}
PYTHONPATH="$root${{PYTHONPATH:+:$PYTHONPATH}}" exec "$root/.venv/bin/python" -P -m deploy.cli "$@"
"""


def make(offline: bool, root: Path = ROOT) -> str:
    """Write what is missing or out of date; return what was done."""
    folder, scripts = state(root), root / ".venv" / "bin"
    (folder / "pulumi").mkdir(mode=0o700, exist_ok=True)
    _passphrase(environment.passphrase_file(root))
    stamp.replace(folder / "setup.json", json.dumps({"offline": offline}) + "\n")
    everything = environment.variables(root, offline=True)
    activate.write(scripts / "activate", environment.variables(root, offline), everything)
    _launcher(scripts / "threader", root)
    _redis(scripts / "redis-server")
    return "activate, threader, passphrase are in place"


def _passphrase(path: Path) -> None:
    """Generate it once; written under another name first, so that an interrupt leaves none rather than half of one."""
    if not path.exists():
        fresh = path.with_name(f".passphrase.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        fresh.replace(path)


def _launcher(path: Path, root: Path) -> None:
    text = LAUNCHER.format(root=quote(str(root)))
    if not path.exists() or path.read_text() != text:
        stamp.replace(path, text, 0o755)


def _redis(path: Path) -> None:
    """Redis is one program that looks at the name it is called by; this name makes it the server."""
    if not path.is_symlink() and Path(packages.REDIS).exists():
        path.symlink_to(packages.REDIS)
