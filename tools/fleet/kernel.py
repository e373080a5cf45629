"""The few system calls that Python 3.11 has no function for."""

import ctypes
import os

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_CLOEXEC, _FSCONFIG_CMD_CREATE = 1, 6

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Give this process namespaces of its own (CLONE_*)."""
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount, as mount(2). Raises OSError that names the target."""
    arguments = (os.fsencode(source), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags))
    _checked(_libc.mount(*arguments, options.encode() or None), f"mount {kind or 'bind'} on {target}")


def private_mounts() -> None:
    """Keep what this process mounts from now on out of the namespace it came from."""
    unshare(CLONE_NEWNS)
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def detached_mount(kind: str) -> int:
    """Mount the file system `kind` nowhere: a descriptor, for use through /proc/self/fd, gone with this process."""
    context = _checked(_libc.syscall(_FSOPEN, kind.encode(), _CLOEXEC), f"fsopen {kind}")
    try:
        _checked(_libc.syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0), f"fsconfig {kind}")
        return _checked(_libc.syscall(_FSMOUNT, context, _CLOEXEC, 0), f"fsmount {kind}")
    finally:
        os.close(context)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
