"""`threader status`: the whole fleet in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import typer

from deploy.cli import console, times
from deploy.cli.account import Account
from deploy.cli.errors import on_lines
from deploy.cli.exits import Code
from deploy.cli.fleet import Fleet, fleet
from deploy.cli.look import looks
from deploy.cli.options import Debug, Json, Stack
from deploy.cli.remembered import Remembered, remembered
from deploy.cli.rows import ACTIVE, LOST, Row, rows
from deploy.cli.stack import stack as chosen
from deploy.cli.traffic import edges_of, silent
from deploy.cli.verbs.history import report as told
from deploy.faults import HostFault

HEADS = ("instance", "impl", "host", "address", "generation", "health", "timer", "since")
EDGE_AT = HEADS.index("since")
"""Where the column of the edges goes, if there are any."""


@dataclass(frozen=True)
class Status:
    """All that a status tells; `silent` are edges whose load balancer does not answer, with the state of its unit."""

    fleet: Fleet
    rows: Sequence[Row]
    faults: Mapping[str, HostFault]
    silent: Mapping[str, str]
    remembered: Remembered

    @property
    def ok(self) -> bool:
        """Whether all is as it should be."""
        return not (self.silent or self.faults or any(row.amiss for row in self.rows))


def status(stack: Stack = None, as_json: Json = False, debug: Debug = False) -> None:
    """Show every instance: what it runs, since when, how it is. Exit code 3 if anything is not as it should be.

    Below the table: what is amiss and what mends it, what is pinned or stays back, the last rollout, who is at work.
    """
    deployed = fleet(chosen(stack))
    hosts = deployed.contacted(deployed.instances.values())
    edges = {host: deployed.connections[host] for host in edges_of(deployed)}
    found = looks({**hosts, **edges})
    known = remembered(found)
    faults = {host: fault for host, fault in found.items() if isinstance(fault, HostFault)}
    all_rows = rows(deployed, found, known.pins)
    whole = Status(deployed, all_rows, faults, silent(deployed, found), known)
    if as_json:
        console.as_json(report(whole))
    else:
        show(whole, times.now())
    raise typer.Exit(Code.OK if whole.ok else Code.UNHEALTHY)


def report(whole: Status) -> dict[str, object]:
    """The same for programs."""
    known, deployed = whole.remembered, whole.fleet
    return {
        "stack": deployed.stack,
        "ok": whole.ok,
        "instances": [{**asdict(row), **_kept(row.instance, known)} for row in whole.rows],
        "hosts": {
            host: {
                "address": connection["address"],
                "lost": host in deployed.lost,
                "fault": whole.faults[host].fault.name if host in whole.faults else None,
                "reason": whole.faults[host].reason if host in whole.faults else None,
            }
            for host, connection in deployed.connections.items()
        },
        "edges": {edge: whole.silent.get(edge, ACTIVE) for edge in edges_of(deployed) if edge not in whole.faults},
        "rollout": told(known.rollout) if known.rollout else None,
        "open": _open(known),
        "lease": dict(known.lease) if known.lease else None,
    }


def _open(known: Remembered) -> dict[str, Any] | None:
    """A rollout that has not ended."""
    account = known.open
    return {"id": account.id, "state": str(account.stand), "next": account.after} if account else None


def _kept(name: str, known: Remembered) -> dict[str, Any]:
    back = known.rejections.get(name, {})
    return {
        "pin": asdict(known.pins[name]) if name in known.pins else None,
        "rejected": {generation: asdict(why) for generation, why in back.items()},
    }


def show(whole: Status, at: datetime) -> None:
    """Print the table, below it what is wrong with hosts and instances, and last how many are well."""
    edges = bool(edges_of(whole.fleet))
    if whole.rows:
        heads = [*HEADS[:EDGE_AT], *(["edge"] if edges else []), *HEADS[EDGE_AT:]]
        console.table(heads, [cells(row, at, edges) for row in whole.rows])
    for row in whole.rows:
        if row.amiss and row.host not in whole.faults:
            console.say(f"\n{row.instance}: {'; '.join(row.amiss)}{_after(row, whole.remembered.open)}", "red")
    for host, state in whole.silent.items():
        console.say(f"\nthe edge on {host} does not answer, its unit is {state}\nnext: threader preview", "red")
    for fault in whole.faults.values():
        console.say(f"\n{on_lines(fault.text)}", "red")
    lines = whole.remembered.lines()
    for line in ["", *lines] if lines else []:
        console.say(line)
    lost = sum(row.health == LOST for row in whole.rows)
    well = sum(not row.amiss for row in whole.rows) - lost
    rest = f", {lost} on hosts marked lost" if lost else ""
    console.say(f"\nstack {whole.fleet.stack}: {well} of {len(whole.rows)} instances are as they should be{rest}")


def _after(row: Row, account: Account | None) -> str:
    """What comes next; what is not at rest while a rollout has not ended waits for that, which is told last."""
    if account and row.healthy:
        return f", while {account.id} is {account.stand}"
    return "\nnext: " + ("threader preview" if row.healthy else f"threader logs {row.instance}")


def cells(row: Row, at: datetime, edges: bool) -> list[str | console.Text]:
    """The cells of a row, in the order of HEADS, with one for what the edges send if there are any."""
    generation = console.mark("(" not in row.generation, row.generation) if row.amiss else row.generation
    unit = row.unit if row.unit not in ("?", "-", ACTIVE) else "unhealthy"
    health = console.mark(row.healthy, unit if row.unit != "?" and not row.healthy else row.health)
    sent = [_sent(row.edges)] if edges else []
    who = [row.instance, row.impl, row.host, row.address]
    return [*who, generation, health, _timer(row, at), *sent, _since(row.since)]


def _timer(row: Row, at: datetime) -> str | console.Text:
    """When it last looked, if it is active; else its state."""
    if row.timer != ACTIVE:
        return console.mark(row.timer != "inactive", row.timer)
    return times.ago(row.checked, at) if row.checked else row.timer


def _sent(edges: Mapping[str, str]) -> str:
    """One word where all edges say the same."""
    words = set(edges.values())
    return words.pop() if len(words) == 1 else ", ".join(f"{edge} {word}" for edge, word in edges.items()) or "?"


def _since(stamp: str) -> str:
    """Without year and seconds, and without the zone where that is UTC."""
    day, _, rest = stamp.partition(" ")
    time, _, zone = rest.partition(" ")
    return " ".join([day[5:], time[:5], *([zone] if zone != "UTC" else [])]) if time else stamp
