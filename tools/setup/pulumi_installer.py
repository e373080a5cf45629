"""The official installer, into our cache folder: ~/.pulumi and the shell's start files stay as they are."""

import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tools.setup import command
from tools.setup.errors import SetupError
from tools.setup.progress import Step

INSTALLER = "https://get.pulumi.com"
ANSWER_SECONDS = 3.0
USUAL_SECONDS = 20.0


def script(url: str = INSTALLER) -> bytes | None:
    """Return the installer's script; None when it does not come within 3 s, name look-up included."""
    came: list[bytes] = []

    def fetch() -> None:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
                came.append(answer.read())
        except (OSError, urllib.error.URLError, ValueError):
            return

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    return came[0] if came and came[0].startswith(b"#!") else None


def install(step: Step, cache: Path, version: str, env: Mapping[str, str], url: str = INSTALLER) -> Path:
    """Install one version, such as `v3.230.0`, and return the folder of its programs.

    The script installs into $HOME/.pulumi, so its HOME is a folder of ours, renamed into place at the end.
    """
    text = script(url)
    if text is None:
        raise SetupError("the official installer does not answer", "make setup")
    step.usual, step.doing = USUAL_SECONDS, "installing the Pulumi CLI by its official installer"
    final, home = folder(cache, version), cache / f"pulumi-{version}-official.new"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "install.sh").write_bytes(text)
    argv: list[str | Path] = ["sh", home / "install.sh", "--version", version.removeprefix("v"), "--no-edit-path"]
    command.run(step, "pulumi-cli", argv, env={**env, "HOME": str(home)})
    (home / ".pulumi" / "bin").replace(final)
    shutil.rmtree(home)
    return final


def folder(cache: Path, version: str) -> Path:
    """Return where one version's programs are."""
    return cache / f"pulumi-{version}-official"
