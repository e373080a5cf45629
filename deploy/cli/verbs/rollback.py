"""`threader rollback`: back to an earlier release with its settings, from what the hosts keep, without Pulumi."""

import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from deploy.cli import console, times
from deploy.cli.back import Way, Wish, carry_out, way
from deploy.cli.errors import CliError, on_lines
from deploy.cli.exits import Code
from deploy.cli.known import of_stack, via_of
from deploy.cli.options import Debug, Json, Key, KnownHosts, Stack, Via
from deploy.cli.seen import Contact, Sight, contact, sight, sight_via
from deploy.cli.settle import settled
from deploy.errors import ForPeople
from deploy.rollout.target import named

To = Annotated[str | None, typer.Option("--to", metavar="RELEASE|ID", help="A release, or a rollout of `history`.")]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="How many states back. Default: 1.")]
Fast = Annotated[bool, typer.Option("--fast", help="All instances at once, without draining them: seconds count most.")]
Ask = Annotated[bool, typer.Option("--yes/--ask", "-y", help="Do not ask, or ask after the plan was shown.")]


def rollback(
    to: To = None,
    steps: Steps = None,
    fast: Fast = False,
    yes: Ask = True,
    via: Via = None,
    key: Key = None,
    known_hosts: KnownHosts = None,
    stack: Stack = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Go back to an earlier release with its settings, from what the hosts keep.

    Needs no artifact and, with --via, nothing of Pulumi. Deploys of what was left are refused until something changes.

    Examples: threader rollback; threader rollback --to 1.0.0 --fast; threader rollback --via root@10.0.0.11
    """
    if to is not None and steps is not None:
        raise CliError("--to and --steps say two things", "the same command with one of them", Code.USAGE)
    wish, begun = Wish(to, steps or 1, fast), time.monotonic()
    tell: Callable[[str], None] = _aside if as_json else console.say
    known = None if via else of_stack(stack, "rollback")
    with contact() as link:
        hosts = link.hosts
        at_first = sight(hosts, known) if known else sight_via(hosts, via_of(via or "", key, known_hosts))
        found = link.run(settled(hosts, link.run(at_first), tell))
        chosen = way(found, wish)
        _announce(chosen, tell)
        if not yes and chosen.plan.batches:
            _ask(chosen)
        rollout, error = _done(link, found, chosen, wish, tell)
    seconds = time.monotonic() - begun
    if as_json:
        console.as_json(_report(chosen, rollout, error, seconds))
    if error:
        raise error
    _end(chosen, rollout, seconds, tell)
    raise typer.Exit(Code.UNHEALTHY if chosen.skipped else Code.OK)


def _announce(chosen: Way, tell: Callable[[str], None]) -> None:
    wanted = chosen.wanted
    when = times.shown(wanted.at or wanted.ended)
    tell(f"back to {named(wanted)}, a {wanted.purpose} of {when} UTC by {wanted.by}")
    for line in chosen.plan.lines():
        tell(line)


def _ask(chosen: Way) -> None:
    if not sys.stdin.isatty():
        raise CliError("to ask needs a terminal", "the same command with --yes", Code.USAGE)
    if not typer.confirm(f"Go back to {named(chosen.wanted)}?"):
        raise CliError("nothing was changed", "threader status")


def _done(
    link: Contact, found: Sight, chosen: Way, wish: Wish, tell: Callable[[str], None]
) -> tuple[str | None, ForPeople | None]:
    """The name of the rollout, if anything had to be done, or why it failed."""
    if not chosen.plan.batches:
        return None, None
    try:
        return link.run(carry_out(link.hosts, found, chosen, wish, tell)), None
    except ForPeople as error:
        return None, error


def _end(chosen: Way, rollout: str | None, seconds: float, tell: Callable[[str], None]) -> None:
    for fault in chosen.skipped.values():
        tell(f"left out: {on_lines(fault.text)}")
    if rollout is None:
        tell("it runs already: nothing was changed")
        return
    tell(f"\n{rollout} is done in {times.span(seconds)}: the fleet is back on {', '.join(chosen.wanted.versions)}")
    tell("what it left is not deployed again until a release or a setting changes, or by threader deploy --retry")
    tell("next: threader status")


def _report(chosen: Way, rollout: str | None, error: ForPeople | None, seconds: float) -> dict[str, Any]:
    wanted = chosen.wanted
    return {
        "rollout": rollout,
        "verdict": "failed" if error else "done" if rollout else "nothing to do",
        "reason": str(error) if error else None,
        "to": {"id": wanted.id, "versions": list(wanted.versions), "instances": dict(wanted.instances)},
        "plan": list(chosen.plan.lines()),
        "skipped": {host: fault.reason for host, fault in chosen.skipped.items()},
        "seconds": round(seconds, 1),
    }


def _aside(text: str) -> None:
    """Where standard output is for programs."""
    print(console.printable(text), file=sys.stderr)
