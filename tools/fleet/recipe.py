"""What the base root file system is made of. Its digest names the cache folder: another recipe, another base."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from tools.fleet.archives import Archives

SUITE = "bookworm"
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "python3",
    "sudo",
    "iproute2",
    "procps",
    "ca-certificates",
    "curl",
)
# units that only fail or make noise in a container, and periodic jobs nobody asked for
MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "dpkg-db-backup.timer",
    "systemd-networkd-wait-online.service",
    "console-getty.service",
    "getty.target",
)
SUDO_USER = "ops"
"""A user with sudo and no password asked for."""
ASKPASS_USER = "askpass"
"""A user whose sudo asks for ASKPASS_PASSWORD."""
ASKPASS_PASSWORD = "correct-horse"  # noqa: S105  (of a throw-away host that only this machine can reach)


@dataclass(frozen=True)
class Recipe:
    """Everything that goes into the base; two equal recipes give the same cache folder."""

    suite: str
    packages: tuple[str, ...]
    masked: tuple[str, ...]
    files: Mapping[str, str]
    commands: tuple[tuple[str, ...], ...]
    mirror: str

    @property
    def digest(self) -> str:
        """Twelve hex digits of the whole recipe."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]


def recipe(archives: Archives) -> Recipe:
    """Return the recipe for a machine that uses `archives`."""
    return Recipe(SUITE, PACKAGES, MASKED, _files(archives), _commands(), archives.uris[0])


def _files(archives: Archives) -> Mapping[str, str]:
    return {
        f"etc/apt/{archives.name}": archives.text,
        "etc/ssh/sshd_config.d/fleet.conf": (
            "HostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\nPasswordAuthentication no\n"
            "MaxStartups 100\nMaxSessions 100\n"
        ),
        "etc/resolv.conf": "# no name server: a host knows itself and `machine` (/etc/hosts), apt has a proxy\n",
        "etc/sudoers.d/fleet": f"{SUDO_USER} ALL=(ALL:ALL) NOPASSWD: ALL\n{ASKPASS_USER} ALL=(ALL:ALL) ALL\n",
    }


def _commands() -> tuple[tuple[str, ...], ...]:
    return (
        ("useradd", "--create-home", "--shell", "/bin/bash", SUDO_USER),
        ("useradd", "--create-home", "--shell", "/bin/bash", ASKPASS_USER),
        ("sh", "-c", f"echo {ASKPASS_USER}:{ASKPASS_PASSWORD} | chpasswd"),
        ("apt-get", "clean"),
        ("sh", "-c", "rm -rf /etc/ssh/ssh_host_* /var/lib/apt/lists/* /var/log/*.log; : >/etc/machine-id"),
    )
