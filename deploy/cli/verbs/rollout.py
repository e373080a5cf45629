"""`threader rollout`: one rollout as a tree, live if wanted, and why its gates said what they said."""

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Final

import typer
from rich.live import Live

from deploy.cli import console, times
from deploy.cli.account import Account, Stand
from deploy.cli.ending import step
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.known import Known, of_stack, via_of
from deploy.cli.options import Debug, Json, Key, KnownHosts, Rollout, Stack, Via
from deploy.cli.rollout_tree import Art, record, tree
from deploy.cli.rollout_why import Line, again, as_record, rechecked, why
from deploy.cli.scene import Scene, older, scene
from deploy.cli.seen import Contact, contact, sight_via
from deploy.cli.verbs.history import report as told
from deploy.rollout.story import told as story_told

AGAIN: Final = 2.0
"""Seconds between two looks of --watch."""
FORM: Final = re.compile(r"r[0-9]+", re.ASCII)
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it until it ends or is held.")]
Why = Annotated[
    bool, typer.Option("--why", help="Show every verdict of its gates: rule, query, values, window, sample.")
]
Recheck = Annotated[
    bool, typer.Option("--recheck", help="Judge what was measured again, here: does the same come out?")
]


def rollout(
    rollout: Rollout = None,
    watch: Watch = False,
    why: Why = False,
    recheck: Recheck = False,
    via: Via = None,
    key: Key = None,
    known_hosts: KnownHosts = None,
    stack: Stack = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show a rollout: its steps, the traffic, every instance, each gate with its numbers. Default: the last one.

    The exit code tells scripts how it stands: 0 also while it is under way. With --recheck it is 0 where the same
    comes out, and else 1. Hosts remember all of it, so Pulumi is not needed: see --via.

    Examples: threader rollout --watch; threader rollout r7 --why; threader rollout r7 --recheck --json
    """
    if rollout is not None and not FORM.fullmatch(rollout):
        raise CliError(f"{rollout}: a rollout is called r1, r2, and so on", "threader history", Code.USAGE)
    with contact() as link:
        known = _known(link, via, key, known_hosts, stack)
        found, account = _seen(link, known, rollout)
        if watch:
            found, account = _watched(link, found, account, quiet=as_json)
    if as_json:
        console.as_json(report(account, found))
    else:
        for line in _lines(account, found, why, recheck):
            console.say(line.text, line.style)
    raise typer.Exit(_recheck_code(account) if recheck else account.code)


def _recheck_code(account: Account) -> Code:
    """Where nothing was said, nothing comes out the same."""
    found = again(account.story) if account.story else []
    return Code.OK if found and all(each.same for each in found) else Code.FAILED


def _known(link: Contact, via: str | None, key: str | None, known_hosts: str | None, stack: str | None) -> Known:
    if via:
        return link.run(sight_via(link.hosts, via_of(via, key, known_hosts))).known
    return of_stack(stack, "rollout")


def _seen(link: Contact, known: Known, named: str | None) -> tuple[Scene, Account]:
    """The fleet and the rollout that is meant, with a story that only its hosts still have."""
    found = link.run(scene(link.hosts, known))
    account = found.account(named)
    if named and (account is None or account.story is None):
        story, last = link.run(older(link.hosts, known, named)), found.account()
        later = account.later if account else last.id if last else None
        account = replace(account or Account(named, None, None, later), story=story) if account or story else None
    if account is None:
        raise _unknown(found, named)
    return found, account


def _unknown(found: Scene, named: str | None) -> CliError:
    faults = "; ".join(found.unknown)
    here = f"no rollout {named}" if named else "no rollout"
    return CliError(f"the hosts remember {here}{f'; {faults}' if faults else ''}", "threader history")


def _lines(account: Account, found: Scene, because: bool, recheck: bool) -> list[Line]:
    whys = why(account) if because else []
    checks = rechecked(again(account.story) if account.story else []) if recheck else []
    return [*whys, *([Line("")] if whys and checks else []), *checks] or drawn(account, found)


def drawn(account: Account, found: Scene) -> list[Line]:
    """The tree, with signs on a terminal."""
    return tree(account, found, times.now(), Art(terminal()))


def terminal() -> bool:
    """Whether somebody looks; tests say so themselves."""
    return sys.stdout.isatty()


def report(account: Account, found: Scene) -> dict[str, Any]:
    """All of it for programs; `state` is how it stands, `step` begins with 1."""
    story = account.story
    return {
        "id": account.id,
        "state": str(account.stand),
        "exit": int(account.code),
        "reason": account.reason,
        "strategy": account.strategy,
        "step": story.at + 1 if story else None,
        "of": len(story.plan.stages) if story else None,
        "next": account.after,
        **record(account, found),
        "recheck": [dict(as_record(each)) for each in again(story)] if story else [],
        "story": story_told(story) if story else None,
        "rollout": told(account.rollout) if account.rollout else None,
        "faults": {host: fault.reason for host, fault in found.faults.items()},
    }


def _watched(link: Contact, found: Scene, account: Account, quiet: bool) -> tuple[Scene, Account]:
    """Until it is under way no longer: drawn anew on a terminal, else a line for each new step."""
    looks = _looks(link, found, account)
    if terminal() and not quiet:
        with Live(console=console.console(), transient=True, auto_refresh=False) as live:
            for found, account in looks:
                lines = [console.Text(console.printable(each.text), each.style) for each in drawn(account, found)]
                live.update(console.Text("\n").join(lines), refresh=True)
        return found, account
    tell = console.news(console.say)
    for now in looks:
        found, account = now
        if not quiet and account.stand is Stand.RUNNING:
            tell(step(account))
    return found, account


def _looks(link: Contact, found: Scene, account: Account) -> Iterator[tuple[Scene, Account]]:
    yield found, account
    while account.stand is Stand.RUNNING:
        time.sleep(AGAIN)
        found = link.run(scene(link.hosts, found.known))
        # Where no host answers for a moment, what was seen last is shown on.
        account = found.account(account.id) or account
        yield found, account
