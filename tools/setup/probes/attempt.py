"""Tries in a process of their own: `python -m tools.setup.probes.attempt cgroup2` ends with 0 when it can be done.

Everything happens in namespaces of that process, so the kernel removes it with the process.
"""

import os
import socket
import struct
import sys
from pathlib import Path

from tools.fleet import kernel

NEWLINK, REQUEST_ACK_CREATE_EXCLUSIVE, ERROR = 16, 0x605, 2
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 18, 1


def cgroup2() -> None:
    """Mount cgroup2 and make and remove a group in it."""
    folder = _scratch() / "cgroup2"
    folder.mkdir()
    kernel.mount("none", str(folder), "cgroup2")
    group = folder / f"alert-threader-preflight-{os.getpid()}"
    group.mkdir()
    group.rmdir()


def overlay() -> None:
    """Mount an overlay over memory and write through it."""
    scratch = _scratch()
    lower, upper, work, merged = (scratch / name for name in ("lower", "upper", "work", "merged"))
    for path in (lower, upper, work, merged):
        path.mkdir()
    (lower / "file").write_text("old")
    kernel.mount("overlay", str(merged), "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work}")
    (merged / "file").write_text("new")


def network() -> None:
    """Make a bridge and a pair of linked interfaces in a network namespace."""
    kernel.unshare(kernel.CLONE_NEWNET)
    for name, kind in (("probe-br", "bridge"), ("probe-veth", "veth")):
        _add_link(name, kind)


def _scratch() -> Path:
    """Return an empty folder in memory that only this process sees, mounted over /tmp; it goes with the process."""
    kernel.private_mounts()
    kernel.mount("none", "/tmp", "tmpfs")  # noqa: S108
    return Path("/tmp")  # noqa: S108


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _add_link(name: str, kind: str) -> None:
    """Ask the kernel for a network interface, as `ip link add` does; iproute2 may not be installed yet."""
    attributes = _attribute(IFLA_IFNAME, name.encode() + b"\0")
    attributes += _attribute(IFLA_LINKINFO, _attribute(IFLA_INFO_KIND, kind.encode()))
    body = struct.pack("=BBHiII", socket.AF_UNSPEC, 0, 0, 0, 0, 0) + attributes
    header = struct.pack("=IHHII", 16 + len(body), NEWLINK, REQUEST_ACK_CREATE_EXCLUSIVE, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        link.send(header + body)
        answer = link.recv(4096)
    message, code = struct.unpack_from("=HxxIIi", answer, 4)[0], struct.unpack_from("=i", answer, 16)[0]
    if message != ERROR or code != 0:
        raise OSError(-code, f"make a {kind}: {os.strerror(-code)}")


ATTEMPTS = {"cgroup2": cgroup2, "overlay": overlay, "network": network}

if __name__ == "__main__":
    try:
        ATTEMPTS[sys.argv[1]]()
    except OSError as error:
        sys.exit(error.strerror)
