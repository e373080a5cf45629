"""`threader deploy`: bring the fleet to what the settings say, also after an earlier deploy was killed."""

from collections.abc import Mapping

import typer

from deploy.cli import locks, pending, pulumi
from deploy.cli.errors import CliError
from deploy.cli.options import Ask, Debug, Preview, Retry, Stack
from deploy.cli.stack import stack as chosen

RETRY = "THREADER_RETRY"
"""Set to 1, it lets a rollout try what was rolled back."""


def deploy(
    yes: Ask = True, preview: Preview = True, retry: Retry = False, stack: Stack = None, debug: Debug = False
) -> None:
    """Bring the fleet to what the settings say.

    The lock of an earlier command is cleared only when its process is provably dead; what that one began is taken up.
    What was rolled back stays back until a release or a setting changes, or until --retry.
    """
    converge(stack, yes, preview, {RETRY: "1"} if retry else {})


def converge(stack: str | None, yes: bool, preview: bool, environ: Mapping[str, str]) -> None:
    """`pulumi up` with more in its environment, after what stands in its way was cleared; raises CliError."""
    name = chosen(stack)
    locks.clear_stale(name)
    pending.take_up(name)
    words = ["up", "--stack", name, *(["--yes"] if yes else []), *([] if preview else ["--skip-preview"])]
    # The outputs are for programs; `threader status` is for people.
    words.append("--suppress-outputs")
    if pulumi.run(*words, extra=environ):
        raise CliError("the deploy failed, as shown above", f"threader status --stack {name}")
    typer.echo(f"next: threader status --stack {name}")
