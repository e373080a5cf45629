"""Loop devices that free themselves: a file system in a file, mounted in the caller's namespace without a trace."""

import fcntl
import os
import struct
from pathlib import Path

from tools.fleet.kernel import mount

_GET_FREE, _CONFIGURE = 0x4C82, 0x4C0A
_AUTOCLEAR = 4


def mount_image(image: Path, target: Path, devices: Path) -> None:
    """Mount the ext4 file `image` on `target`; `devices` is a folder where device nodes can be made.

    The device goes by itself when the last mount of it goes. `discard` gives deleted space back to this machine's disk.
    """
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        loop, node = _attach(backing, devices)
        try:
            mount(str(node), str(target), "ext4", options="discard,noinit_itable")
        finally:
            os.close(loop)
            node.unlink()
    finally:
        os.close(backing)


def _attach(backing: int, devices: Path) -> tuple[int, Path]:
    # struct loop_config of linux/loop.h: fd, block size, loop_info64 (flags at the 4th u32), reserved
    config = struct.pack(
        "=II5Q4I64s64s32s2Q8Q", backing, 0, *[0] * 8, _AUTOCLEAR, b"threader-fleet", b"", b"", *[0] * 10
    )
    for _ in range(1000):
        number = _free()
        node = devices / f"loop{number}"
        loop = _open(number, node)
        try:
            fcntl.ioctl(loop, _CONFIGURE, config)
        except OSError:  # somebody else took it between the two calls
            os.close(loop)
            node.unlink()
            continue
        return loop, node
    raise OSError("no free loop device")


def _free() -> int:
    with Path("/dev/loop-control").open("rb") as control:
        return fcntl.ioctl(control, _GET_FREE)


def _open(number: int, node: Path) -> int:
    # /dev may be a container's own and lack nodes that the kernel has
    major, minor = Path(f"/sys/block/loop{number}/dev").read_text().split(":")
    node.unlink(missing_ok=True)
    os.mknod(node, 0o60600, os.makedev(int(major), int(minor)))
    return os.open(node, os.O_RDWR | os.O_CLOEXEC)
