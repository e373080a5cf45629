"""`threader promote`: a rollout that is held goes on."""

from typing import Annotated

import typer

from deploy.cli import decisions
from deploy.cli.account import Stand
from deploy.cli.converge import ended
from deploy.cli.known import of_stack
from deploy.cli.options import Debug, Preview, Rollout, Stack, Yes
from deploy.cli.scene import scene
from deploy.cli.seen import contact
from deploy.cli.stack import stack as chosen
from deploy.rollout.decide import Course

Again = Annotated[bool, typer.Option("--retry", help="Let its gates look once more, instead of passing them by.")]


def promote(
    rollout: Rollout = None,
    retry: Again = False,
    yes: Yes = False,
    preview: Preview = False,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Let the rollout that is held go on. What it is held for is shown, and on a terminal you are asked.

    Hosts remember who decided, when, and what was shown. It is `pulumi up` with THREADER_DECISION=rN:promote.

    Examples: threader promote; threader promote r7 --yes; threader promote --retry
    """
    name = chosen(stack)
    with contact() as link:
        found = link.run(scene(link.hosts, of_stack(name, "rollout")))
    account = decisions.meant(found, rollout, "promote", Stand.HELD)
    decisions.show(account)
    decisions.confirmed(f"Look at {account.id} once more?" if retry else f"Promote {account.id}?", yes)
    ended(decisions.decide(account, Course.RETRY if retry else Course.PROMOTE, name, preview))
