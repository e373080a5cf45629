"""The options that verbs share."""

import os
from typing import Annotated

import typer


def _debug(wanted: bool) -> bool:
    if wanted:
        os.environ["THREADER_DEBUG"] = "1"
    return wanted


Stack = Annotated[
    str | None,
    typer.Option("--stack", "-s", help="The stack. Default: the selected one, or the only one there is."),
]
Debug = Annotated[
    bool, typer.Option("--debug", callback=_debug, help="Show tracebacks, and what the worker process says.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs: JSON on standard output.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
