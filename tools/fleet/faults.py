"""What can be done to a host on purpose, from outside it: each is a fault that real hosts have."""

import os
import signal
import subprocess
from pathlib import Path

from tools.fleet import disk, names, network
from tools.fleet.cgroup import Group
from tools.fleet.errors import FleetError, NotAvailableError

FILLER = ".fleet-filler"
READ_ONLY = "/run/fleet-read-only"


def cut(identity: str, number: int, on: bool) -> None:
    """Pull the network cable, or plug it in again."""
    network.batch([f"link set {names.link(identity, number)} {'down' if on else 'up'}"])


def drop(identity: str, number: int, percent: int) -> None:
    """Lose `percent` of the packets, at random, in each direction; 0 ends it."""
    if not 0 <= percent <= 100:
        raise FleetError(f"drop {percent}: not a percentage", "use a whole number from 0 to 100")
    table = f"netdev fl{identity}_{number}"
    rules = [f"add table {table}", f"delete table {table}"]
    if percent:
        rules.append(f"add table {table}")
        for hook in ("ingress", "egress"):
            link = names.link(identity, number)
            rules.append(f'add chain {table} {hook} {{ type filter hook {hook} device "{link}" priority 0; }}')
            rules.append(f"add rule {table} {hook} numgen random mod 100 < {percent} drop")
    done = subprocess.run(
        ["nft", "-f", "-"], input="\n".join(rules) + "\n", capture_output=True, text=True, check=False
    )
    if done.returncode and percent:
        raise NotAvailableError(f"nftables: {(done.stderr.strip().splitlines() or ['?'])[0]}")


def forget_drops(identity: str) -> None:
    """Remove the packet filters of all hosts of a fleet."""
    listed = subprocess.run(["nft", "list", "tables", "netdev"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        if f" fl{identity}_" in line:
            subprocess.run(["nft", "delete", *line.split()], check=False)


def fill(pid: int) -> None:
    """Fill the host's /var to the last byte; nothing else of this machine is touched."""
    with (_var(pid) / FILLER).open("ab", buffering=0) as file:
        for size in (1 << 24, 1 << 20, 1 << 16, 4096):
            _write_until_full(file.fileno(), size)


def _write_until_full(fd: int, size: int) -> None:
    block = bytes(size)
    try:
        while True:
            os.write(fd, block)
    except OSError:  # full for this size
        os.fsync(fd)


def empty(pid: int) -> None:
    """Give the filled space back."""
    (_var(pid) / FILLER).unlink(missing_ok=True)


def _var(pid: int) -> Path:
    return Path(f"/proc/{pid}/root{disk.VAR}")


def read_only(init: int, on: bool) -> None:
    """Make the host's /var read-only, as a failing disk becomes, or writable again.

    A read-only copy of the mount is laid over /var: the mount itself would be busy as long as any file is open.
    """
    target = f"{READ_ONLY}.mount"
    script = f"! mountpoint -q {target} || {{ umount -l /var; umount -l {target}; rmdir {target}; }}"
    if on:
        script = (
            f"set -e; ! mountpoint -q {target}; mkdir -p {target}; mount --bind /var {target};"
            f" mount -o remount,bind,ro {target}; mount --bind {target} /var"
        )
    inside(init, script)


def reboot(init: int) -> None:
    """Ask the host's systemd to reboot (SIGRTMIN+5), as `systemctl reboot` does."""
    os.kill(init, signal.SIGRTMIN + 5)


def inside(init: int, script: str) -> str:
    """Run a shell script in the host's namespaces, also when ssh does not work; return its output."""
    enter = ("nsenter", f"--target={init}", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--wd=/", "--")
    done = subprocess.run([*enter, "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise FleetError(f"in the host: {done.stderr.strip() or script}")
    return done.stdout


def init_of(group: Group) -> int:
    """Return the pid (here) of the host's process 1."""
    for pid in sorted(group.pids()):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        inner = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
        if len(inner) > 2 and inner[-1] == "1":
            return pid
    raise FleetError(f"{group.path.name}: systemd does not run in it", "python -m tools.fleet list")
