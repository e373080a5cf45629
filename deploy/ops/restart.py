"""Restart one instance and wait until it is healthy again.

    pyinfra deploy/inventory.py deploy/ops/restart.py --data instance=py-a [--data wait=30]

A restart is one each time that this runs: it is not idempotent. What is in flight is finished first, as with every
stop. Hosts without the instance are left alone; `wait` is in seconds.
"""

import shlex
from pathlib import Path

from pyinfra import host
from pyinfra.api.exceptions import OperationError
from pyinfra.operations import server, systemd

PROBE = (Path(__file__).parents[1] / "hosts" / "helper" / "probe.py").read_text()


def restart(instance: str, wait: str) -> None:
    """Restart, wait, and fail when it is not healthy in time."""
    unit = f"alert-threader@{instance}.service"
    systemd.service(name=f"{instance}: restart {unit}", service=unit, restarted=True)
    words = ("python3", "-c", PROBE, "--wait", wait, instance)
    server.shell(name=f"{instance}: healthy within {wait} s", commands=[shlex.join(words)])


def main() -> None:
    """Restart what --data names."""
    instance = host.data.get("instance")
    if not instance:
        raise OperationError("which instance? next: the same command with --data instance=NAME")
    if instance in host.data.instances:
        restart(str(instance), str(host.data.get("wait", 30)))


main()
