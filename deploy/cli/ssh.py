"""The plain `ssh` command, for what streams: it honours ~/.ssh/config, and unknown or changed host keys are refused."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.hosts.client import Connection

OPTIONS: Final = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "ConnectTimeout": "5",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
}


def command(connection: Connection, remote: Sequence[str]) -> list[str]:
    """The words that run `remote` as root on a host. Pure."""
    words = ["ssh", *(f"-o{name}={value}" for name, value in OPTIONS.items())]
    if connection["known_hosts"]:
        words.append(f'-oUserKnownHostsFile="{_path(connection["known_hosts"])}"')
    if connection["key"]:
        words += ["-i", _path(connection["key"])]
    if int(connection["port"]) != 22:
        words += ["-p", str(int(connection["port"]))]
    root = [] if connection["user"] == "root" else ["sudo", "-n"]
    return [*words, "-l", str(connection["user"]), "--", str(connection["address"]), shlex.join([*root, *remote])]


def _path(text: str) -> str:
    return str(Path(text).expanduser())
