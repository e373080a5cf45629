"""Deciding on a rollout that is held: what it is about is shown, and `pulumi up` goes on with it or goes back."""

import sys
from typing import Final

import typer

from deploy.cli import console
from deploy.cli.account import Account, Stand
from deploy.cli.converge import carried_out
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.outcome import ABORTED, Outcome
from deploy.cli.rollout_why import why_held
from deploy.cli.scene import Scene
from deploy.rollout.decide import Course
from deploy.settings.once import VARIABLES
from deploy.settings.specs import SLOTTED

REASON: Final = "THREADER_REASON"
"""Why somebody decided as they did, for what hosts remember."""


def meant(found: Scene, named: str | None, verb: str, *stands: Stand) -> Account:
    """The rollout that a verb is about, the last one unless it is named; raises CliError where there is none to end."""
    last = found.account()
    if last is None:
        unknown = "; ".join(found.unknown)
        raise CliError(unknown or "the hosts remember no rollout", "threader doctor" if unknown else "threader deploy")
    if named and named != last.id and found.account(named) is None:
        raise CliError(f"the hosts remember no rollout {named}; the last one, {last.id}, is {last.stand}", _after(last))
    account = found.account(named) or last
    if account.stand in stands and last.id == account.id:
        return account
    here = "" if last.id == account.id else f"; the last one, {last.id}, is {last.stand}"
    raise CliError(f"{_nothing(account, verb)}{here}", _after(last))


def _nothing(account: Account, verb: str) -> str:
    if account.stand is Stand.RUNNING:
        return f"{account.id} is under way, not held: it goes on by itself, and there is nothing to {verb} yet"
    if account.stand is Stand.INTERRUPTED:
        return f"{account.id} was cut off, not held: there is nothing to {verb}"
    return f"no rollout is held: {account.id} is {account.stand}, so there is nothing to {verb}"


def _after(account: Account) -> str:
    return account.after or f"threader rollout {account.id}, or threader deploy"


def show(account: Account) -> None:
    """What is decided on, with the numbers."""
    for line in why_held(account):
        console.say(line.text, line.style)


def confirmed(question: str, yes: bool) -> None:
    """Ask on a terminal; elsewhere nobody could answer, and a deploy does not ask either."""
    if not yes and sys.stdin.isatty() and not typer.confirm(question):
        raise CliError("nothing was changed", "threader status")


def decide(account: Account, course: Course, stack: str, preview: bool, reason: str | None = None) -> Outcome:
    """Carry a decision out; raises CliError when that could not begin."""
    assert account.story is not None
    environ = {VARIABLES["decision"]: f"{account.id}:{course}", **({REASON: reason} if reason else {})}
    if account.story.strategy in {str(each) for each in SLOTTED}:
        # Also where it was chosen for once: edges have to go on knowing the second slots.
        environ[VARIABLES["strategy"]] = account.story.strategy
    outcome = carried_out(stack, True, preview, environ)
    if course is Course.ABORT and outcome.code is Code.ROLLED_BACK and outcome.text.startswith(ABORTED):
        return Outcome(Code.OK, f"{account.id} is aborted: all instances run what they ran before it", outcome.after)
    return outcome
