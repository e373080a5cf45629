"""The verbs of `threader` and its global options."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from deploy.cli.exits import DEPLOYS, EPILOG
from deploy.cli.options import Debug
from deploy.cli.verbs import (
    abort,
    bluegreen,
    canary,
    deploy,
    destroy,
    docs,
    doctor,
    health,
    history,
    logs,
    monitor,
    preview,
    promote,
    rollback,
    rolling,
    rollout,
    status,
)

VERBS: dict[str, Callable[..., Any]] = {
    "deploy": deploy.deploy,
    "rolling": rolling.rolling,
    "canary": canary.canary,
    "bluegreen": bluegreen.bluegreen,
    "promote": promote.promote,
    "abort": abort.abort,
    "rollout": rollout.rollout,
    "rollback": rollback.rollback,
    "history": history.history,
    "preview": preview.preview,
    "status": status.status,
    "health": health.health,
    "logs": logs.logs,
    "monitor": monitor.monitor,
    "docs": docs.docs,
    "doctor": doctor.doctor,
    "destroy": destroy.destroy,
}

DEPLOYING = frozenset({"deploy", "rolling", "canary", "bluegreen", "promote", "abort", "rollout"})

app = typer.Typer(
    no_args_is_help=True,
    help="Deploys a fleet of alert threaders, goes back, and shows how it is.",
    epilog=EPILOG,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
)
for name, verb in VERBS.items():
    app.command(name, epilog=DEPLOYS if name in DEPLOYING else None)(verb)


@app.callback()
def options(
    context: typer.Context,
    stack: Annotated[
        str | None,
        typer.Option("--stack", "-s", envvar="PULUMI_STACK", help="The stack; may come after the verb as well."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Hand the global options down to the verb; there, given again, they win."""
    given = {"stack": stack} if stack else {}
    context.default_map = dict.fromkeys(VERBS, given)
