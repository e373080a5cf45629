"""The Node threader's artifact: its sources, what starts it, and its libraries as npm installs them from the lock.

No machine code: one artifact serves every architecture.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.release import cache
from tools.release.archive import Entry
from tools.release.errors import ReleaseError
from tools.release.paths import HERE
from tools.setup import command, npm
from tools.setup.errors import SetupError
from tools.setup.progress import Step

MANIFESTS = ("package.json", "package-lock.json", ".npmrc")
# For people and for compilers, four fifths of what is installed; licences stay.
NEEDLESS = (".d.ts", ".map", ".spec.js", ".md")
USUAL_SECONDS = 5.0


@dataclass(frozen=True)
class Node:
    """How it is made."""

    service: Path
    architectures: tuple[str, ...]
    suffix: str = ""

    def own_version(self) -> str:
        """The version that the sources say they are."""
        return (self.service / "threader" / "VERSION").read_text(encoding="ascii").strip()

    def parts(self, version: str) -> Iterator[bytes]:
        """All that decides about the bytes of the artifact."""
        for name, entry in sorted(sources(self.service, version).items()):
            yield from (name.encode(), entry.content)
        yield from _locked(self.service)
        yield (HERE / "node.py").read_bytes()

    def entries(self, version: str) -> Mapping[str, Entry]:
        """The files of the artifact. Raises ReleaseError."""
        return sources(self.service, version) | libraries(self.service)


def sources(service: Path, version: str) -> dict[str, Entry]:
    """The threader itself and what starts it."""
    found = {
        f"app/{path.relative_to(service)}": Entry(path.read_bytes())
        for path in sorted((service / "threader").rglob("*.js"))
    }
    found["app/package.json"] = Entry((service / "package.json").read_bytes())
    found["app/threader/VERSION"] = Entry(f"{version}\n".encode("ascii"))
    found["run"] = Entry((service / "launch" / "run").read_bytes(), executable=True)
    found["start.cjs"] = Entry((service / "launch" / "start.cjs").read_bytes())
    return found


def libraries(service: Path) -> dict[str, Entry]:
    """What npm installs, fetched once for all checkouts."""
    digest = cache.digest_of(list(_locked(service)))
    installed = cache.folder("node-modules", digest, lambda into: _install(service, into))
    return {
        str(path.relative_to(installed)): Entry(path.read_bytes())
        for path in sorted((installed / "node_modules").rglob("*"))
        if path.is_file() and not path.is_symlink() and not path.name.endswith(NEEDLESS) and path.name[0] != "."
    }


def _locked(service: Path) -> Iterator[bytes]:
    return ((service / name).read_bytes() for name in MANIFESTS)


def _install(service: Path, into: Path) -> None:
    for name in MANIFESTS:
        shutil.copyfile(service / name, into / name)
    step = Step("release", usual=USUAL_SECONDS, out=sys.stderr)
    step.doing = "npm ci"
    try:
        # Scripts of packages are never run.
        words = [npm.find_or_install(step), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        command.run(step, "release-npm", words, cwd=into, after="see that npm works, try again")
    except SetupError as error:
        raise ReleaseError("npm", "\n".join((error.cause, *error.tail)), error.after) from None
