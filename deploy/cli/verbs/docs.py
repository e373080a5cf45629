"""`threader docs`: the reference of all settings, section by section."""

from typing import Annotated

import typer

from deploy.cli import console
from deploy.cli.options import Debug
from deploy.settings.docs import section
from deploy.settings.errors import SECTIONS


def _sections(incomplete: str) -> list[str]:
    return [name for name in SECTIONS if name.startswith(incomplete)]


def docs(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[SECTION]", help="Default: list them.", autocompletion=_sections, show_default=False),
    ] = None,
    debug: Debug = False,
) -> None:
    """Print a section of the settings: every key with its meaning, default and limits."""
    if name:
        console.say(section(name).rstrip("\n"))
        return
    console.table(("section", "what it is"), [(each, _first(section(each))) for each in SECTIONS])
    console.say("\nnext: threader docs SECTION")


def _first(text: str) -> str:
    """The first sentence of a section's comment."""
    line = text.splitlines()[0].removeprefix("# ").partition(": ")[2]
    return line.partition(". ")[0].rstrip(".")
