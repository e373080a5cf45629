"""What the committed go.mod files say: the versions that are built, and the Go that it takes."""

import hashlib
import platform
import re
from collections.abc import Iterable

from tools.setup.paths import ROOT
from tools.setup.versions import Version, parse

MODULES = ROOT / "tools" / "setup" / "gomodules"
CLI = MODULES / "pulumi"
LANGUAGE_HOST = MODULES / "languagehost"
RECIPE = "1"
"""Raised when the way of building changes, so that old builds are not taken for new ones."""


def version(gomod: str, module: str) -> str:
    """Return the version that a go.mod requires of a module, such as `v3.230.0`."""
    found = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+(v\S+)", gomod, re.MULTILINE)
    if not found:
        raise ValueError(f"go.mod has no {module}")
    return found[1]


def cli_version() -> str:
    """Return the version of the Pulumi CLI that is built or installed here, such as `v3.230.0`."""
    return version((CLI / "go.mod").read_text(), "github.com/pulumi/pulumi/pkg/v3")


def needed_go() -> Version:
    """Return the oldest Go that can build both programs."""
    found = [re.search(r"^go (\S+)", (folder / "go.mod").read_text(), re.MULTILINE) for folder in (CLI, LANGUAGE_HOST)]
    return max(parse(line[1]) for line in found if line)


def digest(files: Iterable[bytes], machine: str) -> str:
    """Return 16 hex digits for what a build is made from. Go's own version is left out: any recent one may build it."""
    total = hashlib.sha256(f"{RECIPE} {machine}".encode())
    for content in files:
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()[:16]


def build_digest() -> str:
    """Return the digest of the committed go.mod and go.sum files for this machine's architecture."""
    names = [folder / name for folder in (CLI, LANGUAGE_HOST) for name in ("go.mod", "go.sum")]
    return digest((path.read_bytes() for path in names), platform.machine())
