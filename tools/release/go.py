"""The Go threader's artifact: one static program. The same sources and the same Go give the same bytes."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.release import cache
from tools.release.archive import Entry
from tools.release.errors import ReleaseError
from tools.release.paths import HERE
from tools.release.targets import DEFAULT_ARCHITECTURES
from tools.setup import command, go
from tools.setup.errors import SetupError
from tools.setup.progress import Step
from tools.setup.versions import parse

USUAL_SECONDS = 60.0
"""The first build on a quiet machine with two cores; later ones take a few seconds."""
CHOICES = ("GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "GODEBUG")
"""Variables of a user that would change the bytes."""


@dataclass(frozen=True)
class Go:
    """How it is made; a static program is for one architecture."""

    service: Path
    architectures: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.architectures) != 1:
            raise ReleaseError("--arch", "an artifact of go is for one architecture", "give --arch once")

    @property
    def suffix(self) -> str:
        """The architecture, unless it is the one that everybody has."""
        return "" if self.architectures == DEFAULT_ARCHITECTURES else f"-{self.architectures[0]}"

    def own_version(self) -> str:
        """The version that the sources say they are."""
        return (self.service / "VERSION").read_text(encoding="ascii").strip()

    def parts(self, version: str) -> Iterator[bytes]:
        """All that decides about the bytes; Go's own version is left out, since any recent one may build it."""
        for path in sources(self.service):
            yield from (str(path.relative_to(self.service)).encode(), path.read_bytes())
        yield from (version.encode(), self.architectures[0].encode(), (HERE / "go.py").read_bytes())

    def entries(self, version: str) -> Mapping[str, Entry]:
        """The program as `run`. Raises ReleaseError."""
        with tempfile.TemporaryDirectory() as scratch:
            program = Path(scratch) / "run"
            flags = f"-s -w -buildid= -X main.release={version}"
            run("build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(program), ".", recipe=self)
            return {"run": Entry(program.read_bytes(), executable=True)}


def sources(service: Path) -> list[Path]:
    """The files that a build reads."""
    code = (path for path in service.rglob("*.go") if not path.name.endswith("_test.go"))
    return sorted([*code, *(service / name for name in ("go.mod", "go.sum", "VERSION"))])


def run(*words: str, recipe: Go) -> None:
    """Run the go command in the folder of the sources, with a Go that is fetched if need be. Raises ReleaseError."""
    env, step = environment(recipe.architectures[0]), Step("release", usual=USUAL_SECONDS, out=sys.stderr)
    step.doing = f"go {words[0]}"
    try:
        compiler = go.recent(step, env, needed(recipe.service))
        command.run(step, "release-go", [compiler, *words], env=env, cwd=recipe.service, after="try again")
    except SetupError as error:
        raise ReleaseError("go", "\n".join((error.cause, *error.tail)), error.after) from None


def needed(service: Path) -> tuple[int, ...]:
    """The oldest Go that can build it, as go.mod says."""
    found = re.search(r"^go (\S+)", (service / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    return parse(found[1]) if found else ()


def environment(arch: str) -> dict[str, str]:
    """Go's environment: caches of our own beside the artifacts, and the user's proxy settings, but no other choices."""
    folder = cache.root() / "go"
    own = {
        "GOPATH": str(folder),
        "GOMODCACHE": str(folder / "pkg" / "mod"),
        "GOCACHE": str(folder / "objects"),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GO111MODULE": "on",
        "GOWORK": "off",
        "GOOS": "linux",
        "GOARCH": go.ARCHITECTURES[arch],
        "CGO_ENABLED": "0",
    }
    return {name: value for name, value in os.environ.items() if name not in CHOICES} | own
