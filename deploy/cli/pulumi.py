"""Pulumi as a child process, in the environment that this checkout gives it."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from deploy.cli.errors import CliError
from deploy.hosts.client import ROOT
from tools.setup import child
from tools.setup.environment import environment

ASK_SECONDS: Final = 60
MISSING: Final = ("pulumi is not on PATH", "make setup")


def run(*words: str, extra: Mapping[str, str] | None = None) -> int:
    """Run `pulumi WORDS` in the foreground, with its own output; returns its exit code.

    Ctrl-C reaches it through the terminal and SIGTERM through us: it ends in good order, and then we do.
    """
    try:
        return child.run(["pulumi", *words], {**surroundings(), **(extra or {})})
    except FileNotFoundError as error:
        raise CliError(*MISSING) from error


def ask(*words: str) -> str:
    """What `pulumi WORDS` prints; its own error text as a CliError when it fails."""
    try:
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            env=surroundings(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=ASK_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise CliError(*MISSING) from error
    except subprocess.TimeoutExpired as error:
        raise CliError(f"pulumi {words[0]} gave no answer within {ASK_SECONDS} s", "threader doctor") from error
    if done.returncode:
        raise CliError(f"pulumi {' '.join(words[:2])}: {_reason(done.stderr or done.stdout)}", "threader doctor")
    return done.stdout


def ask_json(*words: str) -> Any:
    """What `pulumi WORDS --json` prints, parsed."""
    return json.loads(ask(*words, "--json") or "{}")


def surroundings() -> dict[str, str]:
    """The environment of every Pulumi command here; what the user has chosen wins."""
    return {**os.environ, **environment(ROOT)}


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-3:]).removeprefix("error: ") or "no reason given"
