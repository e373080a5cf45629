"""`threader abort`: a rollout that is held, or under way, goes back."""

from typing import Annotated

import typer

from deploy.cli import console, decisions
from deploy.cli.account import Account, Stand
from deploy.cli.converge import ended
from deploy.cli.ending import ask_to_end, until_ended
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.known import of_stack
from deploy.cli.options import Debug, Preview, Rollout, Stack, Yes
from deploy.cli.outcome import Outcome
from deploy.cli.scene import Scene, scene
from deploy.cli.seen import Contact, contact
from deploy.cli.stack import stack as chosen
from deploy.hosts.port import author
from deploy.rollout.decide import Course

Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for what hosts remember.")]


def abort(
    rollout: Rollout = None,
    reason: Reason = None,
    yes: Yes = False,
    preview: Preview = False,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Take back the rollout that is held, or have the one that is under way go back at its next step.

    Of one that is held, all instances go back by `pulumi up` with THREADER_DECISION=rN:abort. One that is under way is
    told over its hosts, whoever started it from where, and this waits until it has ended.

    Example: threader abort --reason "the error log grows"
    """
    name = chosen(stack)
    with contact() as link:
        found = link.run(scene(link.hosts, of_stack(name, "rollout")))
        account = decisions.meant(found, rollout, "abort", Stand.HELD, Stand.RUNNING)
        if account.stand is Stand.RUNNING:
            ended(_told(link, found, account, reason, yes))
            return
    decisions.show(account)
    decisions.confirmed(f"Abort {account.id}?", yes)
    ended(decisions.decide(account, Course.ABORT, name, preview, reason))


def _told(link: Contact, found: Scene, account: Account, reason: str | None, yes: bool) -> Outcome:
    """Have the controller that is at work end it."""
    if account.homeward:
        raise CliError(f"{account.id} goes back already", f"threader rollout {account.id} --watch")
    decisions.confirmed(f"Abort {account.id}, which is under way?", yes)
    by = author() + (f" ({reason})" if reason else "")
    link.run(ask_to_end(link.hosts, found, account.id, by))
    console.say(f"{account.id} is told to go back at its next step")
    return _how(link.run(until_ended(link.hosts, found, account.id, console.say)))


def _how(account: Account) -> Outcome:
    """How an abort went, by what became of the rollout."""
    match account.stand:
        case Stand.BACK:
            text = f"{account.id} is aborted: all instances run what they ran before it"
            return Outcome(Code.OK, text, "threader status")
        case Stand.DONE:
            return Outcome(Code.UNDONE, f"{account.id} was done before it could be aborted", "threader rollback")
        case Stand.HELD:
            return Outcome(Code.HELD, f"{account.id} was held meanwhile", f"threader abort {account.id}")
    return Outcome(
        Code.UNDONE, f"{account.id} is {account.where}: {account.reason}", account.after or "threader status"
    )
