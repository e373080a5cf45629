"""`--supersede`: a deploy that is under way goes back first, and its lock is waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from deploy.cli import console, fleet, locks
from deploy.cli.account import Stand
from deploy.cli.ending import AGAIN, PATIENCE, ask_to_end, step
from deploy.cli.errors import CliError
from deploy.cli.known import Known, of_outputs
from deploy.cli.look import Asks
from deploy.cli.scene import scene
from deploy.cli.seen import contact
from deploy.hosts.port import author

Pause = Callable[[float], Awaitable[None]]
NOBODY: Final = "nobody else is deploying"


def supersede(stack: str) -> None:
    """Have whoever deploys go back, and wait until nobody does; raises CliError when somebody stays."""
    try:
        known = of_outputs(fleet.fleet(stack))
    except CliError:
        known = Known({})  # nothing was ever deployed: there is only the lock to wait for
    with contact() as link:
        link.run(_superseded(link.hosts, known, lambda: locks.living(stack), console.say))


async def _superseded(
    hosts: Asks,
    known: Known,
    lock: Callable[[], locks.Lock | None],
    tell: Callable[[str], None],
    pause: Pause = asyncio.sleep,
) -> None:
    """A deploy may come to its rollout only later, so hosts are asked again and again."""
    waited, asked, news = 0.0, set[str](), console.news(tell)
    while True:
        found = await scene(hosts, known)
        account = found.account()
        running = account if account and account.stand is Stand.RUNNING else None
        held = lock()
        if not running and not held:
            tell("nothing else is under way" if waited else NOBODY)
            return
        if running and running.id not in asked:
            await ask_to_end(hosts, found, running.id, f"{author()}, whose deploy supersedes it,")
            asked.add(running.id)
        text = step(running) if running else f"waiting for {held}"
        news(text)
        if waited >= PATIENCE:
            raise CliError(f"it has not ended within {PATIENCE:g} s: {text}", f"pulumi cancel, if {held} is dead")
        await pause(AGAIN)
        waited += AGAIN
