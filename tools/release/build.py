"""From sources and lock to dist/alert-threader-python-VERSION.tar.gz."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.release import archive, cache
from tools.release.contents import LOCK, SERVICE, libraries, own_version, sources
from tools.release.errors import ReleaseError
from tools.release.targets import DEFAULT_ARCHITECTURES, targets


@dataclass(frozen=True)
class Artifact:
    """A built release."""

    path: Path
    version: str
    sha256: str
    fresh: bool
    """False when it came from the cache."""


def build(
    version: str | None = None,
    out: Path = Path("dist"),
    architectures: tuple[str, ...] = DEFAULT_ARCHITECTURES,
    service: Path = SERVICE,
) -> Artifact:
    """Build the Python threader into `out`, from the cache when nothing changed. Raises ReleaseError."""
    version = checked_version(version or own_version(service))
    wanted = targets(architectures)
    own = sources(service, version)
    name = f"alert-threader-python-{version}.tar.gz"
    made: list[Path] = []

    def make(into: Path) -> None:
        archive.write(into / name, own | libraries(service / LOCK.name, wanted))
        (into / "sha256").write_text(hashlib.sha256((into / name).read_bytes()).hexdigest(), encoding="ascii")
        made.append(into)

    digest = cache.digest_of(
        [
            *(part for key in sorted(own) for part in (key.encode(), own[key].content)),
            (service / LOCK.name).read_bytes(),
            repr(wanted).encode(),
            os.environ.get("SOURCE_DATE_EPOCH", "").encode(),
            *(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))),
        ]
    )
    kept = cache.folder("artifact", digest, make)
    return publish(kept / name, (kept / "sha256").read_text(encoding="ascii"), version, out, fresh=bool(made))


def publish(path: Path, sha256: str, version: str, out: Path, *, fresh: bool) -> Artifact:
    """Put an artifact into `out` and its line into SHA256SUMS there."""
    out.mkdir(parents=True, exist_ok=True)
    final, temporary = out / path.name, out / f".{path.name}.{os.getpid()}"
    shutil.copyfile(path, temporary)
    temporary.replace(final)
    sums = out / "SHA256SUMS"
    lines = sums.read_text(encoding="ascii").splitlines() if sums.exists() else []
    lines = sorted({line for line in lines if not line.endswith(f"  {path.name}")} | {f"{sha256}  {path.name}"})
    temporary.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    temporary.replace(sums)
    return Artifact(final, version, sha256, fresh)


def checked_version(version: str) -> str:
    """The version, if it can be part of a file name. Raises ReleaseError."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}", version):
        raise ReleaseError(f"version {version!r}", "must be letters, digits and . + ~ _ -", "choose one like 1.2.3")
    return version
