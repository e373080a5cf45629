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

AGAIN = 1.0
"""Seconds after which a proxy that does not answer is looked for again; it starts in a fraction of that."""


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


def answering(identity: str, address: str, port: int, log: Path, patience: float = 10.0) -> None:
    """Wait until the proxy answers, and start it again where it went. FleetError if it does not answer.

    The one of a killed `up` may still have been starting when this one looked, and then found its address gone.
    """
    now = time.monotonic()
    until, again = now + patience, now + AGAIN
    while (now := time.monotonic()) < until:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
        if now > again:
            ensure(identity, address, port, log)
            again = now + AGAIN
    raise FleetError(f"the fleet's apt proxy does not answer at {address}:{port}", f"less {log}")
