"""Limits of this machine's kernel that many hosts run into."""

from pathlib import Path

from tools.fleet.errors import FleetError
from tools.fleet.locks import Say

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
PER_HOST = 6
"""inotify instances that one host's systemd, journald and dbus use."""
SPARE = 64
"""For everything else that runs as root on this machine."""


def wanted(hosts: int, current: int) -> int:
    """Return what the limit must be for `hosts` hosts on this machine: the current value where it is enough."""
    need = PER_HOST * hosts + SPARE
    return current if current >= need else max(1024, need)


def raise_inotify(hosts: int, say: Say, setting: Path = INSTANCES) -> None:
    """Raise fs.inotify.max_user_instances if `hosts` hosts need it, and say so. It lasts until a reboot."""
    current = int(setting.read_text())
    value = wanted(hosts, current)
    if value == current:
        return
    try:
        setting.write_text(str(value))
    except OSError as error:
        raise FleetError(
            f"fs.inotify.max_user_instances is {current}, too low for {hosts} hosts: {error.strerror}",
            f"sysctl fs.inotify.max_user_instances={value} (outside the container, if this is one)",
        ) from None
    say(f"raised fs.inotify.max_user_instances from {current} to {value} (until the next reboot)")
