"""Where a part of the monitoring comes from: the distribution, its vendor's archive, a tarball, or nowhere."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import addresses, folders, words
from deploy.settings.report import near
from deploy.settings.scalars import filled, wrong, wrong_key
from deploy.settings.specs import ArchiveSource, NoSource, PackageSource, Source, TarballSource

FORM: Final = "{artifact: FILE, sha256: HEX} for a tarball, or {package: NAME, sources: FILE} for its vendor's archive"
_PACKAGE: Final = re.compile(r"[a-z0-9][a-z0-9+.-]{1,99}")
_FIELDS: Final = ("Types", "URIs", "Suites", "Signed-By")
_KEY: Final = re.compile(r"^Signed-By:\s*\n[ \t]+-----BEGIN PGP PUBLIC KEY BLOCK-----", re.MULTILINE | re.IGNORECASE)
_LARGEST: Final = 65536
"""Characters of a .sources file: a key of usual size has some 4,000."""

ReadText = Callable[[str], str]


def distributed(value: object) -> Source:
    """Where a part comes from that distributions have."""
    if value == "package":
        return PackageSource()
    if value == "none":
        wrong("can not be left out", "pulumi config rm --path '{path}'")
    return _elsewhere(value, "package")


def undistributed(value: object) -> Source:
    """Where a part comes from that no distribution has."""
    if value == "none":
        return NoSource()
    if value == "package":
        wrong("no distribution has a package of it", FORM)
    return _elsewhere(value, "none")


def operators_file(path: str) -> str:
    """The text of a file of the operator's machine; a relative path begins in the project's folder."""
    return (Path(__file__).parents[2] / Path(path).expanduser()).read_text(encoding="utf-8")


def archive_mistake(text: str) -> tuple[str, str] | None:
    """What is wrong with the text of a .sources file, and what helps; None if nothing is."""
    missing = [field for field in _FIELDS if not re.search(rf"^{field}:", text, re.MULTILINE | re.IGNORECASE)]
    if missing:
        return f"is no deb822 file of apt: it has no {missing[0]}", "man sources.list, DEB822-STYLE FORMAT"
    if not _KEY.search(text):
        return "its Signed-By is no key but a path, which hosts do not have", "put the key itself there, indented"
    if len(text) > _LARGEST:
        return f"is longer than {_LARGEST} characters", "one archive and its one key are enough"
    return None


def _elsewhere(value: object, word: str) -> Source:
    if not isinstance(value, Mapping):
        wrong("unknown source", f"{word}, {FORM}")
    keys = ("artifact", "sha256") if "artifact" in value or "sha256" in value else ("package", "sources")
    for key in value:
        if key not in keys:
            close = near(str(key), keys)
            wrong_key(str(key), "unknown key", f"did you mean {close}?" if close else f"known: {', '.join(keys)}")
    return _tarball(value) if keys[0] == "artifact" else _archive(value)


def _tarball(value: Mapping[object, object]) -> TarballSource:
    artifact = _key(value, "artifact", addresses.tarball, "a path, or https://HOST/FILE.tar.gz")
    return TarballSource(artifact, _key(value, "sha256", words.sha256, f"from: sha256sum {artifact.split('/')[-1]}"))


def _archive(value: Mapping[object, object]) -> ArchiveSource:
    package = _key(value, "package", partial(_matching, _PACKAGE, "is no name of a package"), "for example grafana")
    return ArchiveSource(package, _key(value, "sources", folders.file_path, "a .sources file with the archive's key"))


def _key(value: Mapping[object, object], key: str, reader: Callable[[object], str], example: str) -> str:
    """The text at a key that has to be there; what is wrong with it is told of that key."""
    if value.get(key) is None:
        wrong_key(key, "is missing", example)
    try:
        return reader(value[key])
    except PydanticCustomError as error:
        context: Mapping[str, object] = error.context or {}
        return wrong_key(key, str(context["reason"]), str(context["suggestion"]))


def _matching(form: re.Pattern[str], reason: str, value: object) -> str:
    found = filled(value)
    return found if form.fullmatch(found) else wrong(reason)
