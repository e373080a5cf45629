"""Keys, known hosts and ssh commands of a fleet. Host keys are checked strictly, always."""

import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import names, owner
from tools.fleet.host import HostInfo

QUICK = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=5")


def ensure_key(path: Path, comment: str) -> Path:
    """Return the key pair at `path` (and `path`.pub); make it if it is not there."""
    public = path.with_name(path.name + ".pub")
    if not (path.is_file() and public.is_file()):
        path.unlink(missing_ok=True)
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
        subprocess.run(made, check=True, stdin=subprocess.DEVNULL)
        path.chmod(0o600)
        owner.give(path)
        owner.give(public)
    return path


def known_hosts(keys: Path, subnet: IPv4Network) -> str:
    """Return the known_hosts text for every host that has a key in the folder `keys`."""
    numbers = sorted(names.number(path.stem) for path in keys.glob("app-*.pub"))
    return "".join(_line(keys, subnet, number) for number in numbers)


def _line(keys: Path, subnet: IPv4Network, number: int) -> str:
    kind, key, *_ = (keys / f"{names.host(number)}.pub").read_text().split()
    return f"{names.address(subnet, number)} {kind} {key}\n"


def config(hosts: Sequence[HostInfo]) -> str:
    """Return a client configuration for `ssh -F FILE app-1`."""
    return "".join(
        f"Host {host.name}\n  HostName {host.address}\n  User {host.user}\n  IdentityFile {_quoted(host.key)}\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {_quoted(host.known_hosts)}\n  StrictHostKeyChecking yes\n"
        for host in hosts
    )


def command(host: HostInfo, remote: Sequence[str], user: str = "", options: Sequence[str] = ()) -> list[str]:
    """Return the ssh command that runs `remote` on `host` (a shell there if it is empty)."""
    strict = ["-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"]
    files = ["-o", f"IdentityFile={_quoted(host.key)}", "-o", f"UserKnownHostsFile={_quoted(host.known_hosts)}"]
    return ["ssh", "-F", "none", *strict, *files, *options, f"{user or host.user}@{host.address}", *remote]


def run(host: HostInfo, *remote: str, user: str = "", timeout: float = 60.0) -> "subprocess.CompletedProcess[str]":
    """Run a command on `host` and return what came back; never asks anything."""
    ssh = command(host, remote, user, QUICK)
    return subprocess.run(ssh, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


def _quoted(path: Path) -> str:
    # ssh splits at spaces, knows quotes and backslashes, and expands % in file names
    text = str(path)
    for special in ("\\", '"'):
        text = text.replace(special, f"\\{special}")
    return '"' + text.replace("%", "%%") + '"'
