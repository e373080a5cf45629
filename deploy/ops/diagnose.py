"""Collect what there is to know of instances, and print it. Reads only.

    pyinfra deploy/inventory.py deploy/ops/diagnose.py [--data instance=py-a]

For each host its free disk and memory; for each instance (or the one named) systemd's view, the last journal lines,
the ledger of activations and the answer of its health endpoint.
"""

import shlex
from pathlib import Path

from pyinfra import host
from pyinfra.operations import python, server

PROBE = (Path(__file__).parents[1] / "hosts" / "helper" / "probe.py").read_text()
COMMANDS = {
    "unit": "systemctl status --no-pager --lines=0 {unit} || :",
    "journal": "journalctl --no-pager -n 20 -o short-iso -u {unit}",
    "ledger": "tail -n 5 /var/lib/alert-threader/{instance}/ledger.jsonl 2>/dev/null || echo none",
    "generations": "cd /var/lib/alert-threader/{instance} && ls -l current generations || :",
    "health": "{probe} {instance}",
}
MACHINE = {"disk": "df -h / /etc /var /tmp", "memory": "free -m || head -n 3 /proc/meminfo", "time": "uptime"}


def look(title: str, command: str) -> None:
    """Run one command and print what it says under its title."""
    found = server.shell(name=title, commands=[command])
    python.call(name=f"{title}: says", function=lambda: show(title, found.stdout_lines))


def show(title: str, lines: list[str]) -> None:
    """Print lines below their host and title."""
    print(f"\n--- {host.name}: {title}")
    print("\n".join(f"  {line}" for line in lines))


def main() -> None:
    """The machine, then its instances."""
    for title, command in MACHINE.items():
        look(title, command)
    wanted = host.data.get("instance")
    for instance in host.data.instances:
        if wanted in (None, instance):
            words = {
                "instance": instance,
                "unit": f"alert-threader@{instance}.service",
                "probe": shlex.join(("python3", "-c", PROBE)),
            }
            for title, command in COMMANDS.items():
                look(f"{instance} {title}", command.format(**words))


main()
