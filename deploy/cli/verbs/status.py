"""`threader status`: the whole fleet in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import typer

from deploy.cli import console
from deploy.cli.errors import on_lines
from deploy.cli.exits import Code
from deploy.cli.fleet import Fleet, fleet
from deploy.cli.look import looks
from deploy.cli.options import Debug, Json, Stack
from deploy.cli.rows import LOST, Row, rows
from deploy.cli.stack import stack as chosen
from deploy.faults import HostFault

HEADS = ("instance", "impl", "host", "address", "generation", "unit", "health", "since")


def status(stack: Stack = None, as_json: Json = False, debug: Debug = False) -> None:
    """Show every instance: what it runs, since when, how it is. Exit code 3 if anything is not as it should be."""
    deployed = fleet(chosen(stack))
    found = looks(deployed.contacted(deployed.instances.values()))
    all_rows = rows(deployed, found)
    faults = {host: fault for host, fault in found.items() if isinstance(fault, HostFault)}
    if as_json:
        console.as_json(report(deployed, all_rows, faults))
    else:
        show(deployed, all_rows, faults)
    raise typer.Exit(Code.UNHEALTHY if any(row.amiss for row in all_rows) else Code.OK)


def report(deployed: Fleet, all_rows: Sequence[Row], faults: Mapping[str, HostFault]) -> dict[str, object]:
    """The same for programs."""
    return {
        "stack": deployed.stack,
        "ok": not any(row.amiss for row in all_rows),
        "instances": [asdict(row) for row in all_rows],
        "hosts": {
            host: {
                "address": connection["address"],
                "lost": host in deployed.lost,
                "fault": faults[host].fault.name if host in faults else None,
                "reason": faults[host].reason if host in faults else None,
            }
            for host, connection in deployed.connections.items()
        },
    }


def show(deployed: Fleet, all_rows: Sequence[Row], faults: Mapping[str, HostFault]) -> None:
    """Print the table, below it what is wrong with hosts and instances, and last how many are well."""
    if all_rows:
        console.table(HEADS, [cells(row) for row in all_rows])
    for row in all_rows:
        if row.amiss and row.host not in faults:
            after = "threader preview" if row.healthy else f"threader logs {row.instance}"
            console.say(f"\n{row.instance}: {'; '.join(row.amiss)}\nnext: {after}", "red")
    for fault in faults.values():
        console.say(f"\n{on_lines(fault.text)}", "red")
    lost = sum(row.health == LOST for row in all_rows)
    well = sum(not row.amiss for row in all_rows) - lost
    rest = f", {lost} on hosts marked lost" if lost else ""
    console.say(f"\nstack {deployed.stack}: {well} of {len(all_rows)} instances are as they should be{rest}")


def cells(row: Row) -> list[str | console.Text]:
    """The cells of a row, in the order of HEADS."""
    generation = console.mark("(" not in row.generation, row.generation) if row.amiss else row.generation
    health = console.mark(row.healthy, "unhealthy" if row.unit != "?" and not row.healthy else row.health)
    return [row.instance, row.impl, row.host, row.address, generation, row.unit, health, row.since]
