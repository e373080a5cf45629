"""What stays on the machine after `make demo-down`, and how to remove it."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from tools.setup import packages
from tools.setup.paths import ROOT, cache, home

ROUTE_PROTOCOL = "188"
"""Marks the routes of local fleets; `unreachable` ones stay, so that no packet to a past host leaves the machine."""


def size(path: Path) -> int:
    """Return the bytes that a file or folder takes on the disk, links not followed."""
    paths = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
    return sum(each.lstat().st_blocks * 512 for each in paths)


def kinds(folder: Path) -> dict[str, list[int]]:
    """Return the sizes of the cached things by their kind, which is what their names begin with."""
    found: dict[str, list[int]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found.setdefault(path.name.split("-")[0], []).append(size(path))
    return found


def human(size: int) -> str:
    """Return bytes as `85 MB`."""
    return f"{size / 1e6:.0f} MB"


def report() -> str:
    """Return the lines that say what is left, and for each the command that removes it."""
    lines = ["what stays:"]
    for kind, sizes in kinds(cache()).items():
        lines.append(f"  {human(sum(sizes)):>8}  {cache() / kind}-*  ({len(sizes)})")
    lines += _line("cache, for every checkout", f"rm -rf {quote(str(cache()))}", any(cache().iterdir()))
    names = " ".join(packages.installed())
    masked = packages.services(packages.installed())
    unmask = f" && systemctl unmask {' '.join(masked)}" if masked else ""
    lines += _line(f"Debian packages: {names}", f"apt-get purge --autoremove {names}{unmask}", bool(names))
    for route in _routes():
        lines += _line(f"route {route}", f"ip route del {route}", True)
    pulumi = Path(home()) / ".pulumi"
    lines += _line(
        f"Pulumi's own folder {pulumi}", f"rm -rf {quote(str(pulumi))}    (your logins are in it)", pulumi.exists()
    )
    lines += _line("this checkout's .venv, caches and logs", "make clean", (ROOT / ".venv").exists())
    return "\n".join(lines)


def _line(what: str, remove: str, there: bool) -> Iterable[str]:
    return [f"  {what}", f"      remove: {remove}"] if there else []


def _routes() -> list[str]:
    try:
        done = subprocess.run(
            ["ip", "route", "show", "proto", ROUTE_PROTOCOL], capture_output=True, text=True, check=False
        )
    except OSError:
        return []
    return [line.strip() for line in done.stdout.splitlines()]
