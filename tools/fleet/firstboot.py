"""The files that make a blank host itself: its name, its keys, who may log in, where apt asks."""

import os
import shutil
import uuid
from pathlib import Path

from tools.fleet import names
from tools.fleet.recipe import ASKPASS_USER, SUDO_USER
from tools.fleet.spec import BootSpec

USERS = ("root", SUDO_USER, ASKPASS_USER)


def personalise(root: Path, spec: BootSpec) -> None:
    """Write them once, on a blank disk: what was changed later survives a restart."""
    done = root / "etc/fleet-host"
    if done.exists():
        return
    host = names.host(spec.number)
    _write(root / "etc/hostname", f"{host}\n")
    _write(root / "etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {host}\n{spec.gateway} machine\n")
    _write(root / "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    _write(root / "etc/apt/apt.conf.d/99fleet", _apt(f"http://{spec.gateway}:{spec.apt_port}"))
    for suffix, mode in (("", 0o600), (".pub", 0o644)):
        _write(root / f"etc/ssh/ssh_host_ed25519_key{suffix}", Path(spec.host_key + suffix).read_text(), mode)
    for user in USERS:
        _authorise(root, user, spec.client_key)
    _write(done, f"{host}\n")


def _apt(proxy: str) -> str:
    # the archives may be a snapshot of the past; translations and install hooks would only cost time
    options = f'Check-Valid-Until "false"; Check-Date "false"; Languages "none"; http::Proxy "{proxy}";'
    return f"Acquire {{ {options} }};\n"


def _authorise(root: Path, user: str, key: str) -> None:
    fields = next(line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith(f"{user}:")).split(
        ":"
    )
    folder = root / fields[5].lstrip("/") / ".ssh"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    _write(folder / "authorized_keys", key, 0o600)
    for path in (folder, folder / "authorized_keys"):
        os.chown(path, int(fields[2]), int(fields[3]))


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode)
    path.write_text(text)
    path.chmod(mode)


def forget(folder: Path) -> None:
    """Remove everything of a host that is not running, its disks first of all."""
    shutil.rmtree(folder, ignore_errors=True)
