"""Can a local fleet run here? Tries every mechanism for real, in namespaces of its own that leave nothing behind.

`problems(folder)` is for a preflight; it runs this module as a child process, since namespaces cannot be left again.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.fleet import disk, kernel, network, packages
from tools.fleet.cgroup import Group, root
from tools.fleet.errors import FleetError
from tools.fleet.spawn import CHECKOUT


def problems(folder: Path) -> tuple[str, ...]:
    """Return why no local fleet can have its state in `folder`, a sentence each; empty if one can. Takes 0.2 s."""
    if os.geteuid() != 0:
        return ("local fleet: needs root",)
    if packages.missing():
        return ()  # the set-up installs them, and only then can it be tried
    while not folder.is_dir():
        folder = folder.parent
    try:
        with tempfile.TemporaryDirectory(prefix=".fleet-probe-", dir=folder) as scratch:
            return _tried(scratch)
    except OSError as error:
        return (f"local fleet: {error}",)


def _tried(scratch: str) -> tuple[str, ...]:
    command = [sys.executable, "-S", "-m", "tools.fleet.probe", scratch]
    environment = {"PATH": f"{os.environ.get('PATH', '')}:{packages.PATH}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return (f"local fleet: {(done.stderr.strip().splitlines() or ['the probe died'])[-1]}",)
    return tuple(json.loads(done.stdout))


def _probe(scratch: Path) -> list[str]:
    tries: tuple[tuple[str, Callable[[], None]], ...] = (
        ("control groups (cgroup2)", _cgroup),
        ("namespaces", lambda: kernel.unshare(kernel.CLONE_NEWNET)),
        ("mount namespaces", kernel.private_mounts),
        ("bridge and veth links", _links),
        ("a size-limited disk (loop device, ext4, overlayfs)", lambda: _disks(scratch)),
        ("cgroup2 for a host", lambda: kernel.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")),
    )
    found = []
    for what, attempt in tries:
        try:
            attempt()
        except (OSError, FleetError, subprocess.SubprocessError) as error:
            found.append(f"local fleet: {what}: {error}")
    return found


def _cgroup() -> None:
    group = Group(root() / f"threader-probe-{os.getpid()}").make()
    group.kill()


def _links() -> None:
    network.batch(["link add probe0 type bridge", "link add probe1 type veth peer name probe2"])


def _disks(scratch: Path) -> None:
    (scratch / "base/var").mkdir(parents=True)
    disk.make(scratch, {"root": 8, "var": 8})
    disk.assemble(scratch / "base", scratch)
    (disk.VAR / "file").touch()


if __name__ == "__main__":
    print(json.dumps(_probe(Path(sys.argv[1]))))
