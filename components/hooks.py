"""The operator's own commands around a rollout, run on this machine by pulumi-command."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pulumi

from deploy.settings.specs import HooksSpec

PACKAGE: Final = "pulumi-command"
RESULT: Final = "THREADER_RESULT"
"""What tells commands after a rollout how it ended."""
_PATIENCE: Final = 120.0
"""Seconds that Pulumi may take to download the plugin."""
Install = Callable[[Sequence[str]], str | None]


def hooks(
    when: str,
    commands: Sequence[str],
    generations: Mapping[str, str],
    options: pulumi.ResourceOptions,
    result: pulumi.Output[str | None] | None = None,
) -> list[pulumi.Resource]:
    """One command after the other, `when` ("before" or "after") the rollout; each runs again for other generations.

    With `result`, how the rollout ended, each is told that, and runs again for another one.
    """
    if not commands:
        return []
    from pulumi_command import local  # needs its plugin, and takes 0.2 s to import: only where there are hooks

    made: list[pulumi.Resource] = []
    triggers: list[pulumi.Input[str]] = [f"{name}={generation}" for name, generation in sorted(generations.items())]
    ended = result.apply(lambda words: words or "") if result else None
    known = {"triggers": [*triggers, ended], "environment": {RESULT: ended}} if ended else {"triggers": triggers}
    for number, command in enumerate(commands, start=1):
        own = pulumi.ResourceOptions(depends_on=made[-1:])
        merged = pulumi.ResourceOptions.merge(options, own)
        made.append(local.Command(f"{when}-{number}", create=command, opts=merged, **known))
    return made


def install(words: Sequence[str]) -> str | None:
    """Call the Pulumi CLI; what it said last when it failed, else None."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return (said[-1] if said else f"it ended with {done.returncode}") if done.returncode else None


def need_plugin(wanted: HooksSpec, environ: Mapping[str, str] = os.environ, install: Install = install) -> None:
    """Raise RunError where there are hooks and no plugin can be had that runs them: before anything is done."""
    if not (wanted.before or wanted.after):
        return
    number = version(PACKAGE)
    if _is_here(number, environ):
        return
    words = ("pulumi", "plugin", "install", "resource", "command", f"v{number}")
    if environ.get("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "").lower() in ("1", "true"):
        why = "and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is set"
    else:
        said = install(words)
        why = f"and could not be downloaded ({said})" if said else ""
    if why:
        raise pulumi.RunError(
            f"alert-threader:hooks: nothing was done: hooks are run by Pulumi's plugin command {number}, which is not "
            f"on this machine, {why}; next: {' '.join(words)}, or without hooks: pulumi config rm alert-threader:hooks"
        )


def _is_here(number: str, environ: Mapping[str, str]) -> bool:
    """Whether the plugin is where Pulumi looks for it."""
    home = environ.get("PULUMI_HOME") or Path.home() / ".pulumi"
    kept = Path(home) / "plugins" / f"resource-command-v{number}"
    return kept.is_dir() or shutil.which("pulumi-resource-command", path=environ.get("PATH")) is not None
