"""`threader history`: the rollouts of the fleet, as its hosts remember them."""

from typing import Annotated, Any

import typer

from deploy.cli import console, times
from deploy.cli.errors import on_lines
from deploy.cli.known import of_stack, via_of
from deploy.cli.options import Debug, Json, Key, KnownHosts, Stack, Via
from deploy.cli.remembered import how, why
from deploy.cli.seen import Sight, contact, sight, sight_via
from deploy.rollout.history import DONE, HELD, UNDER_WAY, Rollout

WELL = frozenset({DONE, UNDER_WAY})
HEADS = ("id", "when", "by", "what", "release", "verdict", "reason")
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many of the newest.")]


def history(
    limit: Limit = 20,
    via: Via = None,
    key: Key = None,
    known_hosts: KnownHosts = None,
    stack: Stack = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the last rollouts, newest first; times are UTC. Hosts remember them, so Pulumi is not needed: see --via.

    Example: threader history --via root@10.0.0.11
    """
    known = None if via else of_stack(stack, "history")
    with contact() as to:
        hosts = to.hosts
        found = to.run(sight(hosts, known) if known else sight_via(hosts, via_of(via or "", key, known_hosts)))
    rollouts = found.seen.rollouts[:limit]
    if as_json:
        console.as_json([report(rollout) for rollout in rollouts])
        return
    if rollouts:
        later = [None, *(rollout.id for rollout in rollouts)]
        console.table(HEADS, [cells(rollout, later[at]) for at, rollout in enumerate(rollouts)])
    else:
        console.say("the hosts remember no rollout")
    _tell_faults(found)


def report(rollout: Rollout) -> dict[str, Any]:
    """A rollout for programs."""
    words = ("id", "token", "at", "ended", "seconds", "by", "purpose", "strategy", "verdict", "reason")
    return {
        **{word: getattr(rollout, word) for word in words},
        "versions": list(rollout.versions),
        "instances": dict(rollout.instances),
        "placement": dict(rollout.placement),
    }


def cells(rollout: Rollout, later: str | None) -> list[str | console.Text]:
    """The cells of a rollout, in the order of HEADS; `later` is the one after it, which ended a hold."""
    releases = ", ".join(rollout.versions) or "-"
    when = times.shown(rollout.at or rollout.ended, seconds=False)
    return [rollout.id, when, rollout.by, rollout.purpose, releases, _verdict(rollout, later), why(rollout) or "-"]


def _verdict(rollout: Rollout, later: str | None) -> console.Text:
    if rollout.verdict != HELD:
        return console.mark(rollout.verdict in WELL, how(rollout))
    return console.Text(f"held until {later}" if later else "held", style="yellow")


def _tell_faults(found: Sight) -> None:
    for fault in found.faults.values():
        console.say(f"\nnot asked: {on_lines(fault.text)}", "red")
