"""The Python threader's artifact: its sources, what starts it, and every library for each Python that a host may have.

With machine code for several architectures one artifact serves them all.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.release.archive import Entry
from tools.release.errors import ReleaseError
from tools.release.paths import HERE, SERVICES
from tools.release.targets import Target, targets
from tools.release.wheels import fetch

SERVICE = SERVICES / "python"
LOCK = "requirements.lock"


@dataclass(frozen=True)
class Python:
    """How it is made."""

    service: Path
    architectures: tuple[str, ...]
    suffix: str = ""

    def own_version(self) -> str:
        """The version that the sources say they are."""
        return own_version(self.service)

    def parts(self, version: str) -> Iterator[bytes]:
        """All that decides about the bytes of the artifact."""
        for name, entry in sorted(sources(self.service, version).items()):
            yield from (name.encode(), entry.content)
        yield (self.service / LOCK).read_bytes()
        yield repr(targets(self.architectures)).encode()
        yield from ((HERE / name).read_bytes() for name in ("python.py", "targets.py", "wheels.py"))

    def entries(self, version: str) -> Mapping[str, Entry]:
        """The files of the artifact. Raises ReleaseError."""
        return sources(self.service, version) | libraries(self.service / LOCK, targets(self.architectures))


def own_version(service: Path = SERVICE) -> str:
    """The version that the sources say they are."""
    return (service / "threader" / "VERSION").read_text(encoding="ascii").strip()


def sources(service: Path, version: str) -> dict[str, Entry]:
    """The threader itself and what starts it."""
    found = {
        f"app/{path.relative_to(service)}": Entry(path.read_bytes())
        for path in sorted((service / "threader").rglob("*.py"))
    }
    found["app/threader/VERSION"] = Entry(f"{version}\n".encode("ascii"))
    found["run"] = Entry((service / "launch" / "run").read_bytes(), executable=True)
    found["start.py"] = Entry((service / "launch" / "start.py").read_bytes())
    return found


def libraries(lock: Path, wanted: tuple[Target, ...]) -> dict[str, Entry]:
    """Every wheel of the lock, unpacked: pure ones once, those with machine code for each target."""
    found: dict[str, Entry] = {}
    for target in wanted:
        for wheel in fetch(lock, target):
            top = "lib" if wheel.name.endswith("-none-any.whl") else target.folder
            for name, content in _files(wheel):
                found[f"{top}/{name}"] = Entry(content)
    return found


def _files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as packed:
        for info in packed.infolist():
            if ".data/" in info.filename or info.filename.startswith(("/", "..")):
                raise ReleaseError(wheel.name, f"{info.filename} is for another place", "leave that package out")
            if not info.is_dir():
                yield info.filename, packed.read(info)
