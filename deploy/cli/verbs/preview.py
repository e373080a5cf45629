"""`threader preview`: what a deploy would change."""

from typing import Annotated

import typer

from deploy.cli import pulumi
from deploy.cli.errors import CliError
from deploy.cli.options import Debug, Stack
from deploy.cli.stack import stack as chosen

Diff = Annotated[bool, typer.Option("--diff/--no-diff", help="Show every change line by line.")]


def preview(diff: Diff = True, stack: Stack = None, debug: Debug = False) -> None:
    """Show what a deploy would change, drift included; secrets are masked, and no host is changed."""
    name = chosen(stack)
    if pulumi.run("preview", "--stack", name, *(["--diff"] if diff else [])):
        raise CliError("the preview failed, as shown above", f"threader doctor --stack {name}")
