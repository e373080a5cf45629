"""Keep one apt proxy running per fleet, in a control group of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from tools.fleet import archives, cgroup
from tools.fleet.errors import FleetError
from tools.fleet.proxy import GROUP
from tools.fleet.spawn import CHECKOUT


def ensure(identity: str, address: str, port: int, log: Path) -> None:
    """Start the fleet's proxy unless it runs."""
    if cgroup.of_fleet(identity).child(GROUP).populated():
        return
    told = {
        "identity": identity,
        "archives": archives.of_machine().uris,
        "upstream": dict(archives.upstream_proxies()),
    }
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["setsid", "--fork", sys.executable, "-S", "-m", "tools.fleet.proxy", address, str(port)],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
        child.communicate(json.dumps(told).encode() + b"\n")


def check(address: str, port: int, log: Path, patience: float = 10.0) -> None:
    """Wait until the proxy answers. FleetError if it does not."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise FleetError(f"the fleet's apt proxy does not answer at {address}:{port}", f"less {log}")
