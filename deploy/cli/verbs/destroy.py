"""`threader destroy`: take the fleet away from its hosts."""

import sys
from typing import Annotated

import typer

from deploy.cli import locks, pulumi
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.options import Debug, Stack, Yes
from deploy.cli.settings import settings
from deploy.cli.stack import stack as chosen
from deploy.settings.errors import SettingsError

Purge = Annotated[bool, typer.Option("--purge", help="Remove what the threaders have stored, too.")]


def destroy(purge: Purge = False, yes: Yes = False, stack: Stack = None, debug: Debug = False) -> None:
    """Stop all instances and remove files, users and units, so that hosts are as before; stored data stays."""
    name = chosen(stack)
    if _protected(name):
        off = f"pulumi config set alert-threader:protect false --stack {name} && threader deploy --stack {name}"
        raise CliError(f"stack {name} is protected (threader docs protect)", f"{off}, then this again")
    if not yes:
        _ask(name, purge)
    locks.clear_stale(name)
    extra = {"THREADER_PURGE": "1"} if purge else {}
    if pulumi.run("destroy", "--stack", name, "--yes", extra=extra):
        raise CliError("not all of it was destroyed, as shown above", f"threader doctor --stack {name}")


def _protected(name: str) -> bool:
    """Whether the settings protect the stack; where they are wrong, Pulumi itself still refuses what was protected."""
    try:
        return settings(name).protect
    except SettingsError:
        return False


def _ask(name: str, purge: bool) -> None:
    what = f"destroy the fleet of stack {name}{' and all that it has stored' if purge else ''}"
    if not sys.stdin.isatty():
        again = f"threader destroy --stack {name}{' --purge' if purge else ''} --yes"
        raise CliError(f"to {what} without a terminal needs --yes", again, Code.USAGE)
    if not typer.confirm(f"Really {what}?"):
        raise CliError("nothing was destroyed", f"threader status --stack {name}")
