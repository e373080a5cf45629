"""The command line: `python -m tools.fleet COMMAND`."""

import json
import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Annotated

import typer

from tools.fleet import cli_faults, layout, packages, ssh
from tools.fleet.errors import FleetError
from tools.fleet.options import Host, Name, Subnet, fleet

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
cli_faults.add(app)


@app.command()
def up(count: int, name: Name = layout.DEFAULT_NAME, subnet: Subnet = None) -> None:
    """Bring up hosts app-1 to app-COUNT, blank; hosts that run already are left as they are."""
    fleet(name, subnet).up(count)


@app.command()
def down(name: Name = layout.DEFAULT_NAME) -> None:
    """Stop and remove all hosts of this fleet (keys and the subnet's number are kept)."""
    fleet(name).down()


@app.command(name="list")
def list_hosts(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False, name: Name = layout.DEFAULT_NAME
) -> None:
    """List the hosts: name, address, state."""
    hosts = fleet(name).hosts()
    if as_json:
        print(json.dumps([host.as_json() for host in hosts], indent=2))
        return
    for host in hosts:
        print(f"{host.name:8} {host.address:15} {host.state}")


@app.command(name="ssh", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def ssh_to(
    host: Host,
    command: Annotated[list[str] | None, typer.Argument()] = None,
    name: Name = layout.DEFAULT_NAME,
    user: Annotated[str, typer.Option(help="root, ops (sudo) or askpass (sudo with a password).")] = "root",
) -> None:
    """Run a command on a host, or open a shell there."""
    line = ssh.command(fleet(name).host(host), command or [], user, ("-o", "ConnectTimeout=5"))
    sys.stdout.flush()
    os.execvp(line[0], line)  # noqa: S606


def main() -> None:
    """Run the command line; an error is a sentence and the next command, never a traceback."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{packages.PATH}"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    try:
        app()
    except FleetError as error:
        print(f"fleet: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (OSError, subprocess.SubprocessError) as error:
        if os.environ.get("THREADER_DEBUG"):
            raise
        print(f"fleet: {error}\nnext: the same command with THREADER_DEBUG=1 shows where", file=sys.stderr)
        sys.exit(1)


def _interrupted(number: int, _frame: FrameType | None) -> None:
    print("fleet: interrupted; the same command again goes on from here", file=sys.stderr)
    sys.exit(128 + number)
