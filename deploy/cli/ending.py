"""Asking a rollout that is under way to end, over its hosts, and waiting until it has."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from deploy.cli import console, times
from deploy.cli.account import Account, Stand
from deploy.cli.errors import CliError
from deploy.cli.look import Asks
from deploy.cli.scene import Scene, scene
from deploy.faults import HostFault
from deploy.manifest.paths import HELPER
from deploy.rollout.conduct import stamp
from deploy.rollout.plan import Batch, Stage

AGAIN: Final = 2.0
PATIENCE: Final = 1800.0
"""Seconds: a way back takes as long as switches do, and each of these has a deadline of its own."""
CALL_SECONDS: Final = 60
Tell = Callable[[str], None]
Pause = Callable[[float], Awaitable[None]]


async def ask_to_end(hosts: Asks, found: Scene, rollout: str, by: str) -> None:
    """Leave it on every host that answers; raises CliError when none took it."""
    wanted = {"rollout": rollout, "verb": "abort", "by": by, "at": stamp(times.now())}
    words = [HELPER, "request", json.dumps(wanted)]
    answers = await asyncio.gather(*(_asked(hosts, found.known.connections[host], words) for host in found.looks))
    if "requested" not in [answer.get("state") for answer in answers]:
        reasons = "; ".join(str(answer.get("reason") or answer) for answer in answers) or "no host answers"
        raise CliError(f"{rollout} could not be told to end: {reasons}", "threader doctor")


async def until_ended(hosts: Asks, found: Scene, rollout: str, tell: Tell, pause: Pause = asyncio.sleep) -> Account:
    """How it stands once it is under way no longer; each new step is told. Raises CliError after PATIENCE seconds."""
    waited, tell = 0.0, console.news(tell)
    while True:
        account = found.account(rollout)
        if account and account.stand is not Stand.RUNNING:
            return account
        if account:
            tell(step(account))
        if waited >= PATIENCE:
            raise CliError(f"{rollout} has not ended within {PATIENCE:g} s", f"threader rollout {rollout} --watch")
        await pause(AGAIN)
        waited += AGAIN
        found = await scene(hosts, found.known)


def step(account: Account) -> str:
    """Where a rollout is, in a line."""
    story = account.story
    if story is None or not story.plan.stages:
        return f"{account.id} is {account.stand}"
    at = min(story.at, len(story.plan.stages) - 1)
    stage = story.plan.stages[at]
    return f"{account.id} is {account.where}: {_in_a_line(stage, at + 1)}"


def _in_a_line(stage: Stage, number: int) -> str:
    """A stage in one line, also one of many steps."""
    if isinstance(stage, Batch) and len(stage.steps) > 1:
        return f"{number}. " + ", ".join(f"{step.kind} {step.instance}" for step in stage.steps)
    return stage.lines(number)[0]


async def _asked(hosts: Asks, connection: Mapping[str, Any], words: list[str]) -> dict[str, Any]:
    try:
        lines = await hosts.ask(connection, "run", words=words, seconds=CALL_SECONDS)
        answer: dict[str, Any] = json.loads(lines[-1])
    except HostFault as fault:
        return {"state": "failed", "reason": fault.reason}
    except (ValueError, IndexError):
        return {"state": "failed", "reason": "the helper on the host gave no answer"}
    return answer
