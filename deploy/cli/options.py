"""The options that verbs share."""

import os
from typing import Annotated

import typer

from deploy.settings.specs import Hold


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
Preview = Annotated[bool, typer.Option("--preview/--no-preview", help="Show what will change before it is done.")]
Ask = Annotated[bool, typer.Option("--yes/--ask", "-y", help="Do not ask, or let Pulumi ask after the preview.")]
Retry = Annotated[bool, typer.Option("--retry", help="Try again also what was rolled back.")]
Supersede = Annotated[
    bool, typer.Option("--supersede", help="Have a deploy that is under way go back first, and wait for that.")
]
HoldWhen = Annotated[
    Hold | None,
    typer.Option("--hold", help="When a person decides. Default: as the stack has it."),
]
Rollout = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="A rollout of `history`. Default: the last one.", show_default=False),
]
Via = Annotated[
    str | None,
    typer.Option(
        "--via",
        metavar="[USER@]ADDRESS[:PORT]",
        help="Any one host of the fleet, which knows the others: nothing of Pulumi is needed.",
    ),
]
Key = Annotated[
    str | None, typer.Option("--key", metavar="FILE", help="With --via: the SSH key. Default: as ssh has it.")
]
KnownHosts = Annotated[
    str | None, typer.Option("--known-hosts", metavar="FILE", help="With --via: the host keys. Default: as ssh has it.")
]
