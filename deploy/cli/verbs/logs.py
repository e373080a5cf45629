"""`threader logs`: the journal of one instance."""

import subprocess
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from deploy.cli import console, ssh
from deploy.cli.errors import CliError
from deploy.cli.fleet import fleet
from deploy.cli.journal import pretty
from deploy.cli.look import Asks, on_each
from deploy.cli.options import Debug, Stack
from deploy.cli.stack import stack as chosen
from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.paths import unit_name

Name = Annotated[str, typer.Argument(metavar="INSTANCE", show_default=False)]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")]
Lines = Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")]
Raw = Annotated[bool, typer.Option("--raw", help="The lines as the threader wrote them.")]


def logs(
    instance: Name,
    follow: Follow = False,
    lines: Lines = 50,
    raw: Raw = False,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Show the last lines of an instance's journal; times are UTC."""
    deployed = fleet(chosen(stack))
    host = deployed.instance(instance).host
    if host in deployed.lost:
        raise CliError(f"{instance} is on {host}, which is marked lost", "threader status")
    connection = deployed.connections[host]
    words = journalctl(instance, lines, raw)
    if follow:
        _reach(connection)
        _stream(ssh.command(connection, [*words, "--follow"]), raw)
    else:
        for line in _ask(connection, words):
            _print(line, raw)


def journalctl(instance: str, lines: int, raw: bool) -> list[str]:
    """The command on the host."""
    return ["journalctl", "--no-pager", f"--unit={unit_name(instance)}", f"-n{lines}", f"-o{'cat' if raw else 'json'}"]


def _ask(connection: Connection, words: Sequence[str]) -> list[str]:
    async def act(hosts: Asks, connection: Connection) -> Any:
        return await hosts.ask(connection, "run", words=list(words), seconds=60)

    answer: list[str] | HostFault = on_each({"": connection}, act)[""]
    if isinstance(answer, HostFault):
        raise answer
    return answer


def _reach(connection: Connection) -> None:
    """Meet the host's faults in our own words before `ssh` does in its."""
    _ask(connection, ["true"])


def _stream(words: Sequence[str], raw: bool) -> None:
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as child:
        assert child.stdout
        try:
            for line in child.stdout:
                _print(line.rstrip("\n"), raw)
        except KeyboardInterrupt:
            child.terminate()
            return
    if child.returncode:
        raise CliError(f"the connection ended (ssh: exit code {child.returncode})", "threader doctor")


def _print(line: str, raw: bool) -> None:
    if raw:
        print(line, flush=True)
    else:
        console.say(pretty(line))
