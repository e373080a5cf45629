"""`threader monitor`: what monitoring says, in the terminal; or its pages, forwarded to this machine."""

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from deploy.cli import console, pulumi, times
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.fleet import Fleet, of_outputs
from deploy.cli.forward import open_pages
from deploy.cli.look import Asks, on_each
from deploy.cli.monitor_ask import Found, ask
from deploy.cli.monitor_report import report
from deploy.cli.monitor_view import show, well
from deploy.cli.monitor_where import Where, where
from deploy.cli.options import Debug, Json, Stack
from deploy.cli.stack import stack as chosen
from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.settings.report import near
from monitoring.dashboards import HOME, PAGES, Panel, panels_of

UIDS = tuple(page.uid for page in PAGES)
Board = Annotated[str, typer.Option("--dashboard", metavar="UID", help=f"One of {', '.join(UIDS)}.")]
Instance = Annotated[
    str | None, typer.Option("--instance", help="Of the dashboards instance and logs: only this one. Default: all.")
]
Open = Annotated[bool, typer.Option("--open", help="Forward the usual ports (3000, 9090, 9093, 3100) until Ctrl-C.")]
Watch = Annotated[
    float | None, typer.Option("--watch", min=1, metavar="SECONDS", help="Again and again, until Ctrl-C.")
]


def monitor(
    dashboard: Board = HOME,
    instance: Instance = None,
    open_: Open = False,
    watch: Watch = None,
    stack: Stack = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what monitoring says now: the panels of a dashboard, and the alerts that fire.

    Exit code 3 if a critical alert fires, or a part of monitoring does not answer; 1 if no monitor could be reached.

    Examples: threader monitor; threader monitor --dashboard instance --instance py-a; threader monitor --open
    """
    name = chosen(stack)
    outputs: Mapping[str, Any] = pulumi.ask_json("stack", "output", "--stack", name)
    deployed = of_outputs(name, outputs)
    place = where(deployed, outputs)
    if open_:
        _reach(place.monitors[place.first])
        open_pages(place)
        return
    wanted = _panels(dashboard, place)
    only = deployed.instance(instance).name if instance else ".+"
    found = _once(deployed, place, wanted, only, dashboard, as_json)
    with contextlib.suppress(KeyboardInterrupt):
        while watch:
            time.sleep(watch)
            _clear()
            found = _once(deployed, place, wanted, only, dashboard, as_json)
    raise typer.Exit(Code.OK if well(found) else Code.UNHEALTHY)


def _once(
    deployed: Fleet, place: Where, panels: Sequence[Panel], instance: str, dashboard: str, as_json: bool
) -> Found:
    found = ask(place, panels, instance)
    if as_json:
        console.as_json(report(found, deployed.stack, dashboard))
    else:
        show(found, deployed.stack, times.now())
    return found


def _panels(uid: str, place: Where) -> tuple[Panel, ...]:
    if uid not in UIDS:
        close = near(uid, UIDS)
        hint = f"did you mean {close}?" if close else f"there are: {', '.join(UIDS)}"
        raise CliError(f"there is no dashboard {uid}; {hint}", "threader monitor --help", Code.USAGE)
    found = panels_of(place.scope, uid)
    if not found:
        raise CliError("no logs are kept: there is no Loki, set monitoring.loki.source", "threader docs monitoring")
    return found


def _reach(connection: Connection) -> None:
    """Meet the host's faults in our own words before `ssh` does in its."""

    async def act(hosts: Asks, connection: Connection) -> Any:
        return await hosts.ask(connection, "run", words=["true"], seconds=60)

    answer = on_each({"": connection}, act)[""]
    if isinstance(answer, HostFault):
        raise answer


def _clear() -> None:
    """Make room for the next look: on a terminal the screen, else a line."""
    print("\x1b[2J\x1b[H" if sys.stdout.isatty() else "", end="" if sys.stdout.isatty() else "\n")
