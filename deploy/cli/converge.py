"""`pulumi up` as every verb that deploys does it: what stands in its way is cleared, and it is told how it went."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import typer

from deploy.cli import console, locks, pending, pulumi, supersede
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.outcome import Outcome, of_errors, of_outputs
from deploy.cli.stack import stack as chosen

RETRY: Final = "THREADER_RETRY"
"""Set to 1, it lets a rollout try what was rolled back."""


def converge(
    stack: str | None, yes: bool, preview: bool, environ: Mapping[str, str], *, superseding: bool = False
) -> None:
    """Bring the fleet to what the settings say, with more in the environment, and end as `ended` does."""
    name = chosen(stack)
    if superseding:
        supersede.supersede(name)
    ended(carried_out(name, yes, preview, environ))


def ended(outcome: Outcome) -> None:
    """Say how it went; raises CliError, and typer.Exit where the rollout is held."""
    if outcome.code not in (Code.OK, Code.HELD):
        raise CliError(outcome.text, outcome.after, outcome.code)
    for line in (outcome.text, f"next: {outcome.after}"):
        if line:
            console.say(line, "yellow" if outcome.code is Code.HELD else "")
    if outcome.code is Code.HELD:
        raise typer.Exit(Code.HELD)


def carried_out(name: str, yes: bool, preview: bool, environ: Mapping[str, str]) -> Outcome:
    """The same of a stack by its name, and how it went; raises CliError when it could not begin."""
    locks.clear_stale(name)
    pending.take_up(name)
    # The outputs are for programs; `threader status` is for people.
    shown = [*(["--yes"] if yes else []), *([] if preview else ["--skip-preview"]), "--suppress-outputs"]
    code, errors = pulumi.up("--stack", name, *shown, extra=environ)
    return of_errors(errors, name) if code else of_outputs(_outputs(name), name)


def _outputs(name: str) -> Mapping[str, Any]:
    """What the stack says of itself; a deploy that succeeded did so also where that can not be read."""
    with suppress(CliError):
        found: Mapping[str, Any] = pulumi.ask_json("stack", "output", "--stack", name)
        return found
    return {}
