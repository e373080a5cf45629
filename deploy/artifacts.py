"""Where the bytes of a release come from: a file of this machine, or a URL that is fetched once and checked."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import requests

from deploy.errors import ForPeople

RELEASE: Final = "alert-threader:release"
TIMEOUT: Final = (5.0, 60.0)
"""Seconds to connect and between two reads."""


class ArtifactError(ForPeople):
    """An artifact is missing, or is not what its digest says."""


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def local(artifact: str, sha256: str, root: Path, setting: str = RELEASE) -> Path:
    """The file on this machine that holds the artifact, fetched when it is a URL; raises ArtifactError.

    `setting` is the one that names it.
    """
    if "://" in artifact:
        return _fetched(artifact, sha256, setting)
    path = root / artifact
    if not path.is_file():
        how = "make release" if setting == RELEASE else f"put it there, or mend {setting}"
        raise ArtifactError(f"{setting}: {artifact} is not there; next: {how}")
    if (found := digest_of(path)) != sha256:
        raise ArtifactError(
            f"{setting}: {artifact} has the digest {found[:12]}…, not {sha256[:12]}…: it was built anew "
            "or changed on its way; next: pulumi preview"
        )
    return path


def _fetched(url: str, sha256: str, setting: str) -> Path:
    """The file in the cache, which only ever holds what has the digest of its name."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "alert-threader" / "artifacts"
    path, fresh = cache / f"{sha256}.tar.gz", cache / f".{sha256}.{os.getpid()}"
    try:
        if not path.is_file() or digest_of(path) != sha256:
            cache.mkdir(parents=True, exist_ok=True)
            _download(url, fresh)
            if (found := digest_of(fresh)) != sha256:
                raise ArtifactError(
                    f"{setting}: {url} has the digest {found[:12]}…, not {sha256[:12]}…: it is another "
                    f"release, or broke off on its way; next: curl -fL {url} | sha256sum"
                )
            fresh.replace(path)
    except OSError as error:  # those of requests are among them
        raise ArtifactError(f"{setting}: {url}: {error}; next: curl -fI {url}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return path


def _download(url: str, path: Path) -> None:
    with requests.get(url, stream=True, timeout=TIMEOUT) as answer, path.open("wb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_content(1 << 20):
            file.write(chunk)
