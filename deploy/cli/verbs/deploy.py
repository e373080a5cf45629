"""`threader deploy`: bring the fleet to what the settings say, also after an earlier deploy was killed."""

from typing import Annotated

import typer

from deploy.cli import locks, pending, pulumi
from deploy.cli.errors import CliError
from deploy.cli.options import Debug, Stack
from deploy.cli.stack import stack as chosen

Preview = Annotated[bool, typer.Option("--preview/--no-preview", help="Show what will change before it is done.")]
Ask = Annotated[bool, typer.Option("--yes/--ask", "-y", help="Do not ask, or let Pulumi ask after the preview.")]


def deploy(yes: Ask = True, preview: Preview = True, stack: Stack = None, debug: Debug = False) -> None:
    """Bring the fleet to what the settings say.

    The lock of an earlier command is cleared only when its process is provably dead; what that one began is taken up.
    """
    name = chosen(stack)
    locks.clear_stale(name)
    pending.take_up(name)
    words = ["up", "--stack", name, *(["--yes"] if yes else []), *([] if preview else ["--skip-preview"])]
    # The outputs are for programs; `threader status` is for people.
    words.append("--suppress-outputs")
    if pulumi.run(*words):
        raise CliError("the deploy failed, as shown above", f"threader status --stack {name}")
    typer.echo(f"next: threader status --stack {name}")
