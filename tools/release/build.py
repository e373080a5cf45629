"""From sources and locks to dist/alert-threader-IMPL-VERSION.tar.gz."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.release import archive, cache
from tools.release.errors import ReleaseError
from tools.release.implementations import recipe
from tools.release.paths import HERE
from tools.release.targets import DEFAULT_ARCHITECTURES


@dataclass(frozen=True)
class Artifact:
    """A built release."""

    path: Path
    impl: str
    version: str
    sha256: str
    fresh: bool
    """False when it came from the cache."""


def build(
    version: str | None = None,
    out: Path = Path("dist"),
    architectures: tuple[str, ...] = DEFAULT_ARCHITECTURES,
    service: Path | None = None,
    impl: str = "python",
) -> Artifact:
    """Build a threader into `out`, from the cache when nothing changed. Raises ReleaseError."""
    how = recipe(impl, architectures, service)
    version = checked_version(version or how.own_version())
    name = f"alert-threader-{impl}-{version}{how.suffix}.tar.gz"
    made: list[Path] = []

    def make(into: Path) -> None:
        archive.write(into / name, how.entries(version))
        (into / "sha256").write_text(hashlib.sha256((into / name).read_bytes()).hexdigest(), encoding="ascii")
        made.append(into)

    digest = cache.digest_of(
        [
            name.encode(),
            *how.parts(version),
            os.environ.get("SOURCE_DATE_EPOCH", "").encode(),
            *((HERE / own).read_bytes() for own in ("archive.py", "build.py")),
        ]
    )
    kept = cache.folder("artifact", digest, make)
    return publish(kept / name, (kept / "sha256").read_text(encoding="ascii"), version, out, impl, fresh=bool(made))


def publish(path: Path, sha256: str, version: str, out: Path, impl: str, *, fresh: bool) -> Artifact:
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
    return Artifact(final, impl, version, sha256, fresh)


def checked_version(version: str) -> str:
    """The version, if it can be part of a file name. Raises ReleaseError."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}", version):
        raise ReleaseError(f"version {version!r}", "must be letters, digits and . + ~ _ -", "choose one like 1.2.3")
    return version
