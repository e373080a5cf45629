"""The Debian packages that the local fleet needs on this machine."""

import shutil
from collections.abc import Callable, Mapping

from tools.fleet.errors import FleetError

TOOLS: Mapping[str, str] = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "ip": "iproute2",
    "nft": "nftables",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "nsenter": "util-linux",
    "mkfs.ext4": "e2fsprogs",
    "sysctl": "procps",
}
"""Command → package that has it."""

PACKAGES: tuple[str, ...] = tuple(sorted(set(TOOLS.values())))
"""What the set-up installs; all are in Debian main."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where these tools are, also for a shell whose PATH lacks sbin."""


def missing(find: Callable[[str], str | None] | None = None) -> tuple[str, ...]:
    """Return the packages of the tools that are not here, sorted."""
    find = find or (lambda tool: shutil.which(tool, path=PATH))
    return tuple(sorted({package for tool, package in TOOLS.items() if find(tool) is None}))


def require(find: Callable[[str], str | None] | None = None) -> None:
    """Raise FleetError with one apt-get command if any tool is missing."""
    packages = missing(find)
    if packages:
        raise FleetError(
            f"the local fleet needs Debian packages that are not installed: {', '.join(packages)}",
            f"apt-get install -y --no-install-recommends {' '.join(packages)}",
        )
