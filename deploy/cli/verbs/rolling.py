"""`threader rolling`: a deploy in batches, whatever the stack says of its strategy."""

from collections.abc import Mapping
from typing import Annotated

import typer

from deploy.cli.converge import RETRY, converge
from deploy.cli.options import Ask, Debug, Preview, Retry, Stack, Supersede
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
    supersede: Supersede = False,
    yes: Ask = True,
    preview: Preview = True,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Deploy batch by batch, this once: no config file is changed. What is not said is as the stack has it.

    Example: threader rolling --batch 2 --max-unavailable 2 --wait 30
    """
    said = {"strategy": Strategy.ROLLING, "batch": batch, "max_unavailable": max_unavailable, "wait": wait}
    converge(stack, yes, preview, for_once(said, retry=retry), superseding=supersede)


def for_once(said: Mapping[str, object], *, retry: bool) -> dict[str, str]:
    """What the settings are told for this deploy only, by key of the section `rollout`; None says nothing."""
    environ = {VARIABLES[key]: str(value) for key, value in said.items() if value is not None}
    return {**environ, **({RETRY: "1"} if retry else {})}
