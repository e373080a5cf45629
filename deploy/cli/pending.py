"""What a killed deploy leaves behind: operations half-recorded in the state, and switches that nobody confirms."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer

from deploy.cli import pulumi
from deploy.cli.look import Asks, on_each, script
from deploy.cli.settings import connections, settings
from deploy.hosts.client import Connection
from deploy.settings.specs import FleetSpec

CLEARING: Final = ("--clear-pending-creates", "--yes", "--skip-preview", "--suppress-outputs")
UNDO_SECONDS: Final = 300
ROLLOUT: Final = "threader:index:Rollout::"


def take_up(stack: str) -> None:
    """Put right what an earlier deploy left half done, and say so. The caller has seen that nobody holds the lock."""
    operations = cut_off(json.loads(pulumi.ask("stack", "export", "--stack", stack)))
    if any(ROLLOUT in urn for urn in operations):
        _undo_switches(settings(stack))
    begun = sorted({name_of(urn) for urn, kind in operations.items() if kind == "creating"})
    if begun:
        typer.echo(f"an earlier deploy was cut off while it created {', '.join(begun)}: what it began is taken up now")
        if pulumi.run("refresh", "--stack", stack, *CLEARING):
            typer.echo("the state could not be cleared of them; the deploy goes on all the same")


def cut_off(state: Mapping[str, Any]) -> dict[str, str]:
    """By URN, what was begun and not recorded as done: "creating", "updating", ... Pure."""
    operations = (state.get("deployment") or {}).get("pending_operations") or []
    return {each["resource"]["urn"]: each["type"] for each in operations}


def name_of(urn: str) -> str:
    """The name at the end of a URN."""
    return urn.rpartition("::")[2]


def _undo_switches(spec: FleetSpec) -> None:
    """The hosts undo them anyway when the time to confirm is over; until then they would refuse another switch."""
    names: Sequence[str] = [instance.name for instance in spec.instances]

    async def act(hosts: Asks, connection: Connection) -> list[str]:
        words = ["python3", "-c", script("undo.py"), *names]
        answer = await hosts.ask(connection, "run", words=words, seconds=UNDO_SECONDS)
        undone: list[str] = json.loads(answer[-1])
        return undone

    # A host that does not answer is the deploy's own business.
    for host, undone in on_each(connections(spec), act).items():
        if isinstance(undone, list) and undone:
            typer.echo(f"undone on {host}, since the deploy that began it is dead: the switch of {', '.join(undone)}")
