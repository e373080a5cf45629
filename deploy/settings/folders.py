"""The files and folders that the settings name."""

import re
from pathlib import PurePosixPath
from typing import Final

from deploy.settings.scalars import filled, wrong
from deploy.settings.specs import HealthSpec

_METRICS: Final = HealthSpec().metrics
_OF_THE_SYSTEM: Final = (["etc"], ["lib"], ["run"], ["usr"], ["var"])
_CLOSED: Final = (["dev"], ["home"], ["proc"], ["root"], ["sys"], ["tmp"])


def folder(value: object) -> str:
    """A folder on a host for metrics alone, in its shortest form."""
    found = filled(value)
    example = f"for example {_METRICS}"
    if not found.startswith("/"):
        wrong("has to be an absolute path", example)
    parts = [part for part in found.split("/") if part not in ("", ".")]
    if ".." in parts or not re.fullmatch(r"[A-Za-z0-9/._@+-]+", found):
        wrong("has to be made of letters, digits and / . _ @ + -, without ..", example)
    if len(parts) < (3 if parts[:1] in _OF_THE_SYSTEM else 2):
        wrong("is a folder of the system itself, whose rights have to stay", example)
    if parts[:1] in _CLOSED or parts[:2] == ["var", "tmp"]:
        wrong("is where the unit of a health check can not write", example)
    return f"/{'/'.join(parts)}"


def file_path(value: object) -> str:
    """A path on the operator's machine."""
    found = filled(value)
    return wrong("is a folder, not a file") if PurePosixPath(found).name in ("", "..") else found
