"""What goes into the artifact of the Python threader."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from tools.release.archive import Entry
from tools.release.errors import ReleaseError
from tools.release.targets import Target
from tools.release.wheels import fetch

SERVICE = Path(__file__).resolve().parents[2] / "services" / "python"
LOCK = SERVICE / "requirements.lock"


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
