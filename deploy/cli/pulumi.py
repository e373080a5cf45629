"""Pulumi as a child process, in the environment that this checkout gives it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from deploy.cli.errors import CliError
from deploy.hosts.client import ROOT
from tools.setup import child
from tools.setup.environment import environment

ASK_SECONDS: Final = 60
NEXT: Final = {
    "passphrase": "make setup && . .venv/bin/activate, or name yours: export PULUMI_CONFIG_PASSPHRASE_FILE=FILE",
    "unable to open bucket|could not open|log in": "make setup && . .venv/bin/activate, or: pulumi login URL",
    "no Pulumi.yaml|no project file": "cd to the checkout",
}
"""By a sign in Pulumi's error text (a regular expression), what to do about it."""
EVENTS: Final = {"PULUMI_DEBUG_COMMANDS": "true"}
"""What lets Pulumi write down what happens, as its own Automation API has it do."""
MISSING: Final = ("pulumi is not on PATH", "make setup")


def run(*words: str, extra: Mapping[str, str] | None = None) -> int:
    """Run `pulumi WORDS` in the foreground, with its own output; returns its exit code.

    Ctrl-C reaches it through the terminal and SIGTERM through us: it ends in good order, and then we do.
    """
    try:
        return child.run(["pulumi", *words], {**surroundings(), **(extra or {})})
    except FileNotFoundError as error:
        raise CliError(*MISSING) from error


def up(*words: str, extra: Mapping[str, str] | None = None) -> tuple[int, list[str]]:
    """Run `pulumi up WORDS` as `run` does; its exit code, and the errors of its resources."""
    with TemporaryDirectory(prefix="threader-") as folder:
        log = Path(folder) / "events.jsonl"
        code = run("up", *words, "--event-log", str(log), extra={**(extra or {}), **EVENTS})
        return code, list(errors(log.read_text(errors="replace") if log.exists() else ""))


def errors(events: str) -> Iterator[str]:
    """The errors in a log of what happened, a line of JSON for each; one that is cut off says nothing. Pure."""
    for line in events.splitlines():
        try:
            said = json.loads(line).get("diagnosticEvent") or {}
        except (ValueError, AttributeError):
            continue
        if said.get("severity") == "error":
            yield re.sub(r"<\{%.*?%\}>", "", str(said.get("message", ""))).strip()


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
        reason = _reason(done.stderr or done.stdout)
        verb = " ".join(word for word in words[:2] if not word.startswith("-"))
        raise CliError(f"pulumi {verb}: {reason}", after(reason))
    return done.stdout


def ask_json(*words: str) -> Any:
    """What `pulumi WORDS --json` prints, parsed."""
    return json.loads(ask(*words, "--json") or "{}")


def surroundings() -> dict[str, str]:
    """The environment of every Pulumi command here; what the user has chosen wins."""
    return {**os.environ, **environment(ROOT)}


def after(reason: str) -> str:
    """What to do about an error of Pulumi's own. Pure."""
    return next((command for sign, command in NEXT.items() if re.search(sign, reason)), "threader doctor")


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-3:]).removeprefix("error: ") or "no reason given"
