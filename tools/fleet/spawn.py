"""Start the processes of hosts and give them their links."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.fleet import names, network, spec
from tools.fleet.errors import FleetError

CHECKOUT = Path(__file__).resolve().parents[2]


def spawn(specs: Sequence[spec.BootSpec]) -> None:
    """Start all hosts of `specs`; returns when each has its link and boots. If this process is killed they give up."""
    if not specs:
        return
    report_read, report_write = os.pipe()
    go_read, go_write = os.pipe()
    try:
        command = [sys.executable, "-S", "-m", "tools.fleet.boot", str(report_write), str(go_read)]
        log = Path(specs[0].folder).parent / "boot.log"
        with log.open("ab") as output:
            done = subprocess.run(
                command,
                input=spec.dump(specs).encode() + b"\n",
                cwd=CHECKOUT,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
                stdout=output,
                stderr=output,
                pass_fds=(report_write, go_read),
                check=False,
            )
        if done.returncode:
            raise FleetError("hosts cannot be started", f"less {log}")
        os.close(report_write)
        report_write = -1
        processes = _reported(report_read)
        _all_there(specs, processes)
        network.join(specs[0].identity, processes)
        os.write(go_write, b"g" * len(specs))
    finally:
        for fd in (report_read, report_write, go_read, go_write):
            if fd >= 0:
                os.close(fd)


def _reported(fd: int) -> dict[int, int]:
    with os.fdopen(os.dup(fd)) as lines:
        return {entry["number"]: entry["pid"] for entry in map(json.loads, lines)}


def _all_there(specs: Sequence[spec.BootSpec], processes: dict[int, int]) -> None:
    for wanted in specs:
        if wanted.number not in processes:
            log = Path(wanted.folder) / "log"
            said = (
                (log.read_text(errors="replace").strip().splitlines() or ["see " + str(log)])[-1]
                if log.exists()
                else "?"
            )
            raise FleetError(f"{names.host(wanted.number)}: cannot be started: {said}", f"less {log}")
