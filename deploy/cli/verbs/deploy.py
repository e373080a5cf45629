"""`threader deploy`: bring the fleet to what the settings say, also after an earlier deploy was killed."""

from typing import Annotated

import typer

from deploy.cli import console
from deploy.cli.converge import RETRY, converge
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.options import Ask, Debug, Preview, Retry, Stack, Supersede
from deploy.settings.once import VARIABLES

Emergency = Annotated[
    str | None,
    typer.Option("--emergency", metavar="REASON", help="Ask no gate and nobody, this once: hosts remember the reason."),
]


def deploy(
    yes: Ask = True,
    preview: Preview = True,
    retry: Retry = False,
    emergency: Emergency = None,
    supersede: Supersede = False,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Bring the fleet to what the settings say, with the strategy that they name.

    The lock of an earlier command is cleared only when its process is provably dead; what that one began is taken up.
    What was rolled back stays back until a release or a setting changes, or until --retry.
    """
    environ = {**({RETRY: "1"} if retry else {}), **(_emergency(emergency) if emergency is not None else {})}
    converge(stack, yes, preview, environ, superseding=supersede)


def _emergency(reason: str) -> dict[str, str]:
    """Loud, since nothing looks at what is deployed."""
    if not reason.strip():
        raise CliError("an emergency has a reason", 'threader deploy --emergency "REASON"', Code.USAGE)
    console.say(f"EMERGENCY: rolling, no gate is asked, nobody is waited for: {reason}", "bold red")
    return {VARIABLES["emergency"]: reason}
