"""`threader rolling`: a deploy in batches, whatever the stack says of its strategy."""

from typing import Annotated

import typer

from deploy.cli.options import Ask, Debug, Preview, Retry, Stack
from deploy.cli.verbs.deploy import RETRY, converge
from deploy.settings.once import VARIABLES
from deploy.settings.specs import Strategy

Batch = Annotated[int | None, typer.Option(min=1, help="How many instances are switched at a time.")]
MaxUnavailable = Annotated[int | None, typer.Option(min=1, help="How many may be out of service at a time.")]
Wait = Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="The time between two batches.")]


def rolling(
    batch: Batch = None,
    max_unavailable: MaxUnavailable = None,
    wait: Wait = None,
    retry: Retry = False,
    yes: Ask = True,
    preview: Preview = True,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Deploy batch by batch, this once: no config file is changed. What is not said is as the stack has it.

    Example: threader rolling --batch 2 --max-unavailable 2 --wait 30
    """
    said = {"strategy": Strategy.ROLLING, "batch": batch, "max_unavailable": max_unavailable, "wait": wait}
    environ = {VARIABLES[key]: str(value) for key, value in said.items() if value is not None}
    converge(stack, yes, preview, {**environ, **({RETRY: "1"} if retry else {})})
