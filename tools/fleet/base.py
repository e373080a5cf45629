"""The base root file system: built once by debootstrap, cached, shared by all fleets of this machine (read-only)."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tools.fleet import archives, owner
from tools.fleet.errors import FleetError
from tools.fleet.locks import Say, held
from tools.fleet.recipe import Recipe, recipe

USUAL_SECONDS = 60
# all children die with us, and mounts that debootstrap makes go with its namespace
CONTAINED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--")


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder shared between checkouts: `$XDG_CACHE_HOME/alert-threader`, by default under `~/.cache`."""
    xdg = environment.get("XDG_CACHE_HOME", "")
    home = Path(xdg) if Path(xdg).is_absolute() else Path("~/.cache").expanduser()
    return home / "alert-threader"


def ensure(say: Say) -> Path:
    """Return the base for this machine; build it first if it is not cached.

    That takes about a minute, and is safe if two commands do it at once.
    """
    made_of = recipe(archives.of_machine())
    base = cache_folder() / f"base-{made_of.digest}"
    if not base.is_dir():
        with held(base.with_name(f"{base.name}.lock"), "base root file system", say, patience=1800):
            if not base.is_dir():
                _build(made_of, base, say)
    return base


def _build(made_of: Recipe, base: Path, say: Say) -> None:
    for stale in base.parent.glob(f"{base.name}.new-*"):  # of killed builds: we hold the lock, nobody else builds
        shutil.rmtree(stale)
    fresh, log = base.with_name(f"{base.name}.new-{os.getpid()}"), base.with_name(f"{base.name}.log")
    say(f"base root file system: building, usually {USUAL_SECONDS} s, once for this machine; log: {log}")
    began = time.monotonic()
    fresh.mkdir()
    fresh.chmod(0o755)
    debootstrap = ("debootstrap", "--variant=minbase", f"--include={','.join(made_of.packages)}")
    with log.open("w") as file:
        steps = ((*debootstrap, made_of.suite, str(fresh), made_of.mirror), *_in_chroot(fresh, made_of))
        for number, step in enumerate(steps):
            if number == 1:
                _write_files(fresh, made_of)
            _run(step, file.fileno(), log, began, say)
    fresh.rename(base)
    owner.give(log)
    say(f"base root file system: ready in {time.monotonic() - began:.0f} s: {base}")


def _in_chroot(fresh: Path, made_of: Recipe) -> tuple[tuple[str, ...], ...]:
    return tuple(("chroot", str(fresh), *command) for command in made_of.commands)


def _write_files(fresh: Path, made_of: Recipe) -> None:
    (fresh / "etc/apt/sources.list").unlink(missing_ok=True)
    for name, text in made_of.files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.write_text(text)
        path.chmod(0o440 if "sudoers" in name else 0o644)
    for unit in made_of.masked:
        path = fresh / "etc/systemd/system" / unit
        path.unlink(missing_ok=True)
        path.symlink_to("/dev/null")


def _run(step: tuple[str, ...], log_fd: int, log: Path, began: float, say: Say) -> None:
    proxies = {f"{scheme}_proxy": url for scheme, url in archives.upstream_proxies().items()}
    child = subprocess.Popen(
        [*CONTAINED, *step],
        stdin=subprocess.DEVNULL,
        stdout=log_fd,
        stderr=log_fd,
        umask=0o022,
        start_new_session=True,
        env={**os.environ, **proxies, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    )
    try:
        while (code := _wait(child, 5.0)) is None:
            say(f"base root file system: {time.monotonic() - began:.0f} s of usually {USUAL_SECONDS} s; log: {log}")
    finally:
        child.kill()
        child.wait()
    if code:
        raise FleetError(f"base root file system: {step[0]} failed: {_last_line(log)}", f"less {log}")


def _wait(child: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no output"
