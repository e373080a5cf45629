"""A Go that is recent enough: the one at hand, else Go's own toolchain module, fetched by whatever Go can be had."""

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.setup import apt, command
from tools.setup.errors import SetupError
from tools.setup.progress import Step
from tools.setup.versions import Version, parse, text

PLACES = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def candidates(env: Mapping[str, str]) -> list[str]:
    """Return the `go` on PATH, then those in usual places that a shell under sudo does not look in."""
    found = [shutil.which("go", path=env.get("PATH")), *(place for place in PLACES if Path(place).exists())]
    return list(dict.fromkeys(path for path in found if path))


def version_of(go: str, env: Mapping[str, str]) -> Version:
    """Return what `go version` says of itself, without switching to another toolchain; empty when it does not run."""
    try:
        done = subprocess.run(
            [go, "version"],
            env={**env, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"go version go(\S+)", done.stdout)
    return parse(found[1]) if found else ()


def best(found: Iterable[tuple[str, Version]], needed: Version) -> tuple[str, bool] | None:
    """Choose a Go and tell whether it is recent enough to build with; None when there is none at all."""
    running = [(path, version) for path, version in found if version]
    for path, version in running:
        if version >= needed:
            return path, True
    return (running[0][0], False) if running else None


def find(env: Mapping[str, str]) -> str | None:
    """Return any Go that runs."""
    chosen = best(((path, version_of(path, env)) for path in candidates(env)), ())
    return chosen[0] if chosen else None


def recent(step: Step, env: Mapping[str, str], needed: Version) -> str:
    """Return a Go >= `needed`: installs Debian's golang-go when there is none, fetches the toolchain for an old one.

    `env` has GOPATH and GOFLAGS of the build, so the toolchain lands in the build's own folder.
    """
    chosen = best(((path, version_of(path, env)) for path in candidates(env)), needed)
    if chosen is None:
        apt.install(step, ("golang-go",))
        chosen = best(((path, version_of(path, env)) for path in candidates(env)), needed)
    if chosen is None:
        raise SetupError("Go cannot be had by the package manager", f"install Go >= {text(needed)}, then make setup")
    path, enough = chosen
    return path if enough else _toolchain(step, path, env, needed)


def toolchain_module(needed: Version, machine: str) -> str:
    """Return Go's own toolchain as a module: `golang.org/toolchain@v0.0.1-go1.25.8.linux-amd64`."""
    return f"golang.org/toolchain@v0.0.1-go{text(needed)}.linux-{ARCHITECTURES.get(machine, machine)}"


def _toolchain(step: Step, old: str, env: Mapping[str, str], needed: Version) -> str:
    """Fetch the toolchain through `old`; Go before 1.21 cannot switch by itself, so this serves every version."""
    module = toolchain_module(needed, platform.machine())
    step.note(f"{old} is too old: fetching Go {text(needed)} as its own module")
    command.run(
        step, "go-toolchain", [old, "mod", "download", module], env={**env, "GOTOOLCHAIN": "local"}, cwd=Path("/")
    )
    folder = Path(env["GOPATH"]) / "pkg" / "mod" / module
    return str(unpacked(folder))


def unpacked(folder: Path) -> Path:
    """Make a toolchain module usable, as Go itself does: modules carry no execute bits and no nested go.mod files."""
    programs = [*(folder / "bin").iterdir(), *(path for path in (folder / "pkg" / "tool").rglob("*") if path.is_file())]
    for path in programs:
        path.chmod(path.stat().st_mode | 0o111)
    for path in folder.rglob("_go.mod"):
        path.parent.chmod(0o755)
        shutil.copyfile(path, path.with_name("go.mod"))
    return folder / "bin" / "go"
