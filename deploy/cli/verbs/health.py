"""`threader health`: ask instances, on their own hosts, how they are."""

from typing import Annotated

import typer

from deploy.cli import console
from deploy.cli.errors import on_lines
from deploy.cli.exits import Code
from deploy.cli.fleet import fleet
from deploy.cli.look import looks
from deploy.cli.options import Debug, Json, Stack
from deploy.cli.rows import LOST, Row, rows
from deploy.cli.stack import stack as chosen
from deploy.faults import HostFault

Names = Annotated[list[str] | None, typer.Argument(metavar="[INSTANCE]...", help="Default: all.", show_default=False)]


def health(instances: Names = None, stack: Stack = None, as_json: Json = False, debug: Debug = False) -> None:
    """Ask each instance on its host: healthy is exactly a 2xx answer that says "status": "ok". Exit code 3 if not."""
    deployed = fleet(chosen(stack))
    asked = [deployed.instance(name) for name in instances or deployed.instances]
    found = looks(deployed.contacted(asked))
    names = {each.name for each in asked}
    answers = [row for row in rows(deployed, found, {}) if row.instance in names]
    if as_json:
        console.as_json({row.instance: {"healthy": row.healthy, "reason": _reason(row)} for row in answers})
    else:
        for row in answers:
            console.say(f"{row.instance}  {row.health}", "green" if row.healthy else "red")
        for fault in found.values():
            if isinstance(fault, HostFault):
                console.say(f"\n{on_lines(fault.text)}", "red")
    sick = [row for row in answers if not row.healthy and row.health != LOST]
    raise typer.Exit(Code.UNHEALTHY if sick else Code.OK)


def _reason(row: Row) -> str | None:
    return None if row.healthy else row.health
