"""A host's two disks: files in the state folder with ext4 in them, laid over the shared base.

Mounted in the host's own mount namespace, so that they go with it.

Loop files limit the size, give the space back when they are emptied, and work where the state folder is itself on
overlayfs (a container), on which no second overlay could be laid.
"""

import os
import subprocess
from pathlib import Path

from tools.fleet import owner
from tools.fleet.kernel import MS_BIND, mount
from tools.fleet.loop import mount_image

RUN = Path("/run")
HERE = RUN / "fleet"
ROOT = HERE / "root"
VAR = ROOT / "var"
"""Where the host's /var is, seen from outside through /proc/<pid of the boot process>/root."""
NAMES = ("root", "var")


def is_complete(folder: Path) -> bool:
    """Tell whether both disks were made to the end."""
    return all((folder / f"{name}.img").is_file() for name in NAMES)


def make(folder: Path, sizes_mb: dict[str, int]) -> None:
    """Make blank disks in `folder` (sparse: they take what is written to them)."""
    for name, size in sizes_mb.items():
        fresh = folder / f"{name}.img.new"
        with fresh.open("wb") as file:
            file.truncate(size << 20)
        # no journal: the machine's kernel outlives the host, and writes twice otherwise
        options = ("-q", "-F", "-m", "0", "-O", "^has_journal")
        subprocess.run(["mkfs.ext4", *options, str(fresh)], check=True)
        owner.give(fresh).rename(folder / f"{name}.img")


def assemble(base: Path, folder: Path) -> None:
    """Mount the host's root file system on ROOT, its /var being a disk of its own."""
    opened = {name: os.open(folder / f"{name}.img", os.O_RDWR | os.O_CLOEXEC) for name in NAMES}
    base_fd = os.open(base, os.O_PATH | os.O_CLOEXEC)
    # from here on every path is short and free of the characters that overlay options treat as special;
    # and nspawn keeps its own folders in /run, which must not be on a disk
    mount("tmpfs", str(RUN), "tmpfs", options="mode=755")
    for name in ("base", "disk-root", "disk-var", "root"):
        (HERE / name).mkdir(parents=True)
    mount(f"/proc/self/fd/{base_fd}", str(HERE / "base"), flags=MS_BIND)
    os.close(base_fd)
    for name, lower, target in (("root", HERE / "base", ROOT), ("var", HERE / "base/var", VAR)):
        disk = HERE / f"disk-{name}"
        mount_image(Path(f"/proc/self/fd/{opened[name]}"), disk, HERE)
        os.close(opened[name])
        (disk / "up").mkdir(exist_ok=True)
        (disk / "work").mkdir(exist_ok=True)
        mount("overlay", str(target), "overlay", options=f"lowerdir={lower},upperdir={disk}/up,workdir={disk}/work")
