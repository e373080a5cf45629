"""`threader doctor`: try everything that a deploy needs, and say what is wrong and what mends it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from deploy.cli import console
from deploy.cli.doctor import hosts as remote
from deploy.cli.doctor import machine as here
from deploy.cli.doctor.finding import Finding
from deploy.cli.errors import CliError, on_lines
from deploy.cli.exits import Code
from deploy.cli.fleet import fleet
from deploy.cli.options import Debug, Json, Stack
from deploy.cli.settings import connections
from deploy.errors import ForPeople
from deploy.hosts.client import Connection
from deploy.settings.report import near

Names = Annotated[list[str] | None, typer.Argument(metavar="[HOST]...", help="Default: all.", show_default=False)]


def doctor(hosts: Names = None, stack: Stack = None, as_json: Json = False, debug: Debug = False) -> None:
    """Try all that a deploy needs, here and on each host, also before the first one. Exit code 1 if anything fails."""
    machine = here.examine(stack)
    _show(machine.findings, as_json)
    found = remote.examine(_picked(_connections(machine), hosts or []))
    _show(found, as_json)
    everything = [*machine.findings, *found]
    bad = sum(not each.ok for each in everything)
    if as_json:
        console.as_json({"ok": not bad, "findings": [asdict(each) for each in everything]})
    else:
        console.say(f"\ntried: {len(everything)}, to mend: {bad or 'nothing'}")
    raise typer.Exit(Code.FAILED if bad else Code.OK)


def _connections(machine: here.Machine) -> dict[str, Connection]:
    """The hosts of the settings; where those are wrong, the ones of the last deploy."""
    if machine.spec:
        return connections(machine.spec)
    try:
        deployed = fleet(machine.stack or "")
    except ForPeople:
        return {}
    return {host: each for host, each in deployed.connections.items() if host not in deployed.lost}


def _picked(known: dict[str, Connection], names: Sequence[str]) -> dict[str, Connection]:
    for name in names:
        if name not in known:
            close = near(name, known)
            hint = f"did you mean {close}?" if close else f"there are: {', '.join(known) or 'none'}"
            raise CliError(f"there is no host {name} to examine; {hint}", "threader doctor", Code.USAGE)
    return {host: each for host, each in known.items() if host in names} if names else known


def _show(findings: Sequence[Finding], as_json: bool) -> None:
    """One line for each; of a fault its text, on lines of their own."""
    if as_json:
        return
    for each in findings:
        line = f"{each.where:<8}  {each.what:<14}  {'ok' if each.ok else 'FAULT'}"
        text = f"  {each.text}" if each.ok else "\n" + _indented(on_lines(each.text))
        console.say(line + text, "" if each.ok else "red")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
