"""What can be done to a host on purpose, from outside it: each is a fault that real hosts have."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
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
            chance = "" if percent == 100 else f"numgen random mod 100 < {percent} "
            rules.append(f"add rule {table} {hook} {chance}drop")
    done = subprocess.run(
        ["nft", "-f", "-"], input="\n".join(rules) + "\n", capture_output=True, text=True, check=False
    )
    if done.returncode and percent:
        raise NotAvailableError(f"nftables on this kernel: {(done.stderr.strip().splitlines() or ['?'])[0]}")


def forget_drops(identity: str) -> None:
    """Remove the packet filters of all hosts of a fleet."""
    listed = subprocess.run(["nft", "list", "tables", "netdev"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        if f" fl{identity}_" in line:
            subprocess.run(["nft", "delete", *line.split()], check=False)


def fill(pid: int) -> None:
    """Fill the host's /var to the last byte; nothing else of this machine is touched.

    It stays full whatever is deleted there (journald makes room as soon as it lacks some) until `empty`.
    """
    with (_var(pid) / FILLER).open("ab", buffering=0) as file:
        for size in (1 << 24, 1 << 20, 1 << 16, 4096):
            _write_until_full(file.fileno(), size)
    _reserve(pid, lambda blocks: blocks - 1)


def _write_until_full(fd: int, size: int) -> None:
    block = bytes(size)
    try:
        while True:
            os.write(fd, block)
    except OSError:  # full for this size
        os.fsync(fd)


def empty(pid: int) -> None:
    """Give the filled space back."""
    _reserve(pid, lambda blocks: min(blocks // 50, 4096))  # ext4's own default
    (_var(pid) / FILLER).unlink(missing_ok=True)


def _reserve(pid: int, wanted: Callable[[int], int]) -> None:
    """Set how many free blocks of the /var disk ext4 keeps from everybody, root too."""
    device = Path(f"/proc/{pid}/root{disk.HERE}/disk-var").stat().st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    blocks = os.statvfs(f"/proc/{pid}/root{disk.HERE}/disk-var").f_blocks
    with contextlib.suppress(OSError):  # a read-only /sys, in a container: then what is deleted can be used
        Path(f"/sys/fs/ext4/{name}/reserved_clusters").write_text(str(wanted(blocks)))


def _var(pid: int) -> Path:
    return Path(f"/proc/{pid}/root{disk.VAR}")


def read_only(init: int, on: bool) -> None:
    """Make the host's /var read-only, as a failing disk becomes, or writable again.

    A read-only copy of the mount is laid over /var: the mount itself would be busy as long as any file is open.
    """
    target = f"{READ_ONLY}.mount"
    lay = (
        f"mkdir -p {target}; mount --bind /var {target}; mount -o remount,bind,ro {target}; mount --bind {target} /var"
    )
    lift = f"umount -l /var; umount -l {target}; rmdir {target}"
    inside(init, f"set -e; if mountpoint -q {target}; then {':' if on else lift}; else {lay if on else ':'}; fi")


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
