"""Whether a part of the monitoring runs with what lies on its host, as its own unit noted it. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.part import HIDDEN
from deploy.manifest.paths import UNIT_DIRECTORY, credential_path, part_directory, part_runtime, part_unit

LOADED: Final = "as written"
NOTHING: Final = "nothing"
ANOTHER: Final = "another configuration"
"""Said where a reload would do."""
OLDER: Final = "another unit, program or secret"
"""Said where only a restart would do."""

Sums = Mapping[str, str]


def loaded(part: str, snapshot: Mapping[str, Any], manifest: Manifest) -> str:
    """With what a part runs, compared with what it should run with."""
    if part_unit(part) not in manifest.units:
        return LOADED  # a timer, whose program reads its files anew each time
    started, configuration = (_noted(part, name, snapshot) for name in ("started", "loaded"))
    if started is None or configuration is None:
        return NOTHING
    if started != started_with(part, manifest):
        return OLDER
    return LOADED if configuration == configured_with(part, manifest) else ANOTHER


def started_with(part: str, manifest: Manifest) -> Sums:
    """The digests that a part notes when it starts: of its unit file, its secrets and its tarball's digest."""
    path = f"{UNIT_DIRECTORY}/{part_unit(part)}"
    secrets = {name: text for name, text in _own(part, manifest).items() if manifest.access[name] == HIDDEN}
    credentials = {credential_path(part, name.rpartition("/")[2]): text for name, text in secrets.items()}
    programs = {f"{folder}/.sha256": f"{digest}\n" for folder, digest in manifest.programs.items()}
    return _sums({path: manifest.files.get(path, ""), **credentials, **programs})


def configured_with(part: str, manifest: Manifest) -> Sums:
    """The digests that a part notes whenever it reads its configuration."""
    return _sums({name: text for name, text in _own(part, manifest).items() if manifest.access[name] != HIDDEN})


def _own(part: str, manifest: Manifest) -> Mapping[str, str]:
    return {name: text for name, text in manifest.files.items() if name.startswith(f"{part_directory(part)}/")}


def _sums(texts: Mapping[str, str]) -> Sums:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def _noted(part: str, name: str, snapshot: Mapping[str, Any]) -> Sums | None:
    """What the unit noted: lines of sha256sum; None where it does not run."""
    text = snapshot["paths"].get(f"{part_runtime(part)}/{name}", {}).get("file")
    if text is None:
        return None
    return {path: digest for digest, _, path in (line.partition("  ") for line in text.splitlines())}
