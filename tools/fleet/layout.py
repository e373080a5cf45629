"""Where things are in a fleet's state folder, and how big and where its parts are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.fleet import names
from tools.fleet.spawn import CHECKOUT

DEFAULT_NAME = "dev"


@dataclass(frozen=True)
class Sizes:
    """`var_mb` and `root_mb` limit a host's two disks (MB, sparse files); `apt_port` is on the bridge address."""

    var_mb: int = 1024
    root_mb: int = 2048
    apt_port: int = 3142


@dataclass(frozen=True)
class Layout:
    """The files of the fleet whose state folder is `state`."""

    state: Path

    @property
    def hosts(self) -> Path:
        """One folder per host: disks, console log, pid. Removed by `down`."""
        return self.state / "hosts"

    @property
    def keys(self) -> Path:
        """The hosts' own keys, kept when a fleet is taken down: the same host, the same key."""
        return self.state / "keys"

    @property
    def client_key(self) -> Path:
        """The private key that every user of every host accepts."""
        return self.state / "key"

    @property
    def known_hosts(self) -> Path:
        """The hosts' public keys, written before they boot."""
        return self.state / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """For `ssh -F`."""
        return self.state / "ssh_config"

    def host(self, number: int) -> Path:
        """Return the folder of one host."""
        return self.hosts / names.host(number)

    def host_key(self, number: int) -> Path:
        """Return one host's private host key."""
        return self.keys / names.host(number)

    def log(self, number: int) -> Path:
        """Return the log of one host's console."""
        return self.host(number) / "log"

    def pid(self, number: int) -> int | None:
        """Return the pid of one host's outermost process as last recorded (it may be gone)."""
        try:
            return int((self.host(number) / "pid").read_text())
        except (OSError, ValueError):
            return None

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the hosts that have a folder, in order."""
        return tuple(sorted(names.number(path.name) for path in self.hosts.glob("app-*")))


def fleet_name(environment: Mapping[str, str] = os.environ) -> str:
    """Return the fleet's name: THREADER_FLEET, by default `dev`."""
    return environment.get("THREADER_FLEET") or DEFAULT_NAME


def state_folder(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return its state folder: THREADER_FLEET_STATE, by default `.state/fleet/<name>` in this checkout."""
    chosen = environment.get("THREADER_FLEET_STATE")
    return Path(chosen).absolute() if chosen else CHECKOUT / ".state" / "fleet" / name


def sizes(environment: Mapping[str, str] = os.environ) -> Sizes:
    """Return the sizes: THREADER_FLEET_VAR_MB, THREADER_FLEET_ROOT_MB, THREADER_FLEET_APT_PORT or the defaults."""
    usual = Sizes()
    return Sizes(
        int(environment.get("THREADER_FLEET_VAR_MB") or usual.var_mb),
        int(environment.get("THREADER_FLEET_ROOT_MB") or usual.root_mb),
        int(environment.get("THREADER_FLEET_APT_PORT") or usual.apt_port),
    )
