"""What is known about one host of a fleet."""

from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class HostInfo:
    """`state` is running, stopped, frozen or cut (its link); `key` and `known_hosts` are files for ssh as `user`."""

    name: str
    address: str
    state: str
    user: str
    key: Path
    known_hosts: Path

    def as_json(self) -> dict[str, str]:
        """Return it with paths as text, for `list --json`."""
        return {name: str(value) for name, value in asdict(self).items()}
