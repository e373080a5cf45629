"""`python -m tools.load`: webhooks at a fixed rate to the edge of a local fleet, or how many of them it holds."""

import json
import sys
from typing import Annotated, Final

import typer

from tools.fleet import layout
from tools.fleet.errors import FleetError
from tools.fleet.options import fleet
from tools.load.attack import Attack
from tools.load.capacity import capacity, proper
from tools.load.report import Report
from tools.setup.errors import SetupError

PORT: Final = 9080
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
Host = Annotated[str, typer.Argument(help="The host with the edge: app-1, app-2, ...")]
Port = Annotated[int, typer.Option(help="Where the edge listens.")]
Name = Annotated[str, typer.Option("--name", envvar="THREADER_FLEET", help="Which of this checkout's fleets.")]


def url(host: str, name: str, port: int) -> str:
    """Where webhooks go: only hosts of a local fleet can be named."""
    return f"http://{fleet(name).host(host).address}:{port}/alert"


def load(where: str, rate: float, seconds: float) -> Report:
    """One load from its begin to its end."""
    with Attack(where, rate, seconds) as attack:
        return attack.wait()


@app.command("run")
def run_load(host: Host, rate: float, seconds: float, name: Name = layout.DEFAULT_NAME, port: Port = PORT) -> None:
    """Send RATE webhooks a second for SECONDS; prints JSON, and fails if any of them failed."""
    found = load(url(host, name, port), rate, seconds)
    print(json.dumps(found.as_json(), indent=1))
    if not found.clean:
        raise typer.Exit(1)


@app.command("capacity")
def find_capacity(
    host: Host,
    seconds: Annotated[float, typer.Option(help="For each rate.")] = 5.0,
    name: Name = layout.DEFAULT_NAME,
    port: Port = PORT,
) -> None:
    """Find how many webhooks a second are held; prints JSON with that and with the rate for a measurement."""
    where = url(host, name, port)
    held = capacity(lambda rate: load(where, rate, seconds), lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps({"held": held, "rate": proper(held)}))


if __name__ == "__main__":
    try:
        app()
    except (FleetError, SetupError) as error:
        sys.exit(str(error))
