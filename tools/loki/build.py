"""Loki for this machine, built once for all checkouts from what `tools/setup/gomodules/loki` pins."""

import platform
import shutil
import sys
from pathlib import Path
from typing import Final

from deploy.artifacts import digest_of
from tools.release import archive, cache
from tools.release.go import environment, needed
from tools.setup import command, go, gomod
from tools.setup.locks import held
from tools.setup.progress import Step

MODULE: Final = gomod.MODULES / "loki"
REQUIRED: Final = "github.com/grafana/loki/v3"
PACKAGE: Final = f"{REQUIRED}/cmd/loki"
RECIPE: Final = b"1"
"""Raised when the way of building or packing changes, so that old builds are not taken for new ones."""
USUAL_SECONDS: Final = 400.0
"""On a machine with two cores that does nothing else, downloads included."""


def version() -> str:
    """The version that is built, such as `3.7.8`."""
    return gomod.version((MODULE / "go.mod").read_text(), REQUIRED).removeprefix("v")


def name() -> str:
    """The name of the tarball, such as `loki-3.7.8-linux-amd64.tar.gz`."""
    return f"loki-{version()}-linux-{go.ARCHITECTURES.get(platform.machine(), platform.machine())}.tar.gz"


def tarball() -> Path:
    """The tarball, with the program `loki` at its top; the first call builds it. Raises SetupError."""
    return _made() / name()


def sha256() -> str:
    """The digest of the tarball, as the setting `monitoring.loki.source` wants it. Raises SetupError."""
    return digest_of(tarball())


def program() -> Path:
    """The program itself, for tests on this machine. Raises SetupError."""
    return _made() / "loki"


def built() -> bool:
    """Whether it is there already, so that nobody has to wait."""
    return _folder().is_dir()


def _digest() -> str:
    pinned = [(MODULE / each).read_bytes() for each in ("go.mod", "go.sum")]
    return cache.digest_of([RECIPE, *pinned, platform.machine().encode()])


def _folder() -> Path:
    return cache.root() / f"loki-{_digest()}"


def _made() -> Path:
    if built():
        return _folder()
    step = Step("loki", usual=USUAL_SECONDS, out=sys.stderr)
    cache.root().mkdir(parents=True, exist_ok=True, mode=0o700)
    with held(_folder().with_suffix(".turn"), step, "another process builds Loki"):
        return cache.folder("loki", _digest(), lambda folder: _build(step, folder))


def _build(step: Step, folder: Path) -> None:
    """Fill the folder. What an interrupted build did is kept beside it, and used by the next one."""
    work = _folder().with_suffix(".building")
    step.note(
        f"building Loki {version()} from its Go module, once: this usually takes {USUAL_SECONDS / 60:.0f} minutes"
    )
    step.doing = f"building Loki {version()}"
    _compile(step, work, folder / "loki")
    step.doing = f"packing Loki {version()}"
    archive.write(folder / name(), {"loki": archive.Entry((folder / "loki").read_bytes(), executable=True)}, modified=0)
    shutil.rmtree(work, ignore_errors=True)
    step.done(f"{version()} is built, and packed as {name()}")


def _compile(step: Step, work: Path, program: Path) -> None:
    own = {"GOPATH": work / "go", "GOMODCACHE": work / "go" / "pkg" / "mod", "GOCACHE": work / "objects"}
    env = environment(platform.machine()) | {variable: str(path) for variable, path in own.items()}
    compiler = go.recent(step, env, needed(MODULE))
    flags = f"-s -w -buildid= -X {REQUIRED}/pkg/util/build.Version={version()}"
    words = [compiler, "build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(program), PACKAGE]
    command.run(step, "loki", words, env=env, cwd=MODULE, after="try again")
