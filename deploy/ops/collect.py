"""Collect what there is to know of each host into one archive on this machine. Reads only.

    pyinfra deploy/inventory.py deploy/ops/collect.py [--data lines=1000] [--data into=FOLDER]

.state/diagnostics/TIME-HOST.tar.gz (0600): the units and their journals (last `lines` lines of each instance), ledgers,
lease, rollouts, settings, health, what the edge knows of its servers, disk, memory, ports and versions. Never secrets:
of env files only the names of variables are there, and values are masked where a journal has them.
For a quick look on the screen there is diagnose.py.
"""

import base64
import os
import shlex
import time
from pathlib import Path
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand
from pyinfra.api.exceptions import OperationError
from pyinfra.operations import python

SCRIPT = (Path(__file__).parents[1] / "hosts" / "helper" / "collect.py").read_text()
FOLDER = Path(__file__).parents[2] / ".state" / "diagnostics"
LINES = 1000
SECONDS = 120


def fetch(state: Any, host: Any, folder: Path, lines: int) -> bool:
    """Bring one host's archive here; pyinfra gives `state` and `host` to a function that names them so."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{host.name}"
    command = StringCommand(shlex.join(("python3", "-c", SCRIPT, name, str(lines))))
    status, output = host.run_shell_command(command, _sudo=bool(host.data.get("_sudo")), _timeout=SECONDS)
    if not status:
        print(f"host {host.name}: {' '.join(output.stderr_lines[-3:])}; next: threader doctor")
        return False
    path = folder / f"{name}.tar.gz"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64decode("".join(output.stdout_lines)))
    print(f"{path}  {path.stat().st_size} bytes")
    return True


def main() -> None:
    """Each host."""
    lines = host.data.get("lines", LINES)
    if not isinstance(lines, int) or lines < 0:
        raise OperationError(f"lines={lines} has to be a number; next: the same command with --data lines={LINES}")
    python.call(fetch, Path(str(host.data.get("into") or FOLDER)), lines, name="collect diagnostics")


main()
