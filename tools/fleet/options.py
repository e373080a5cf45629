"""Arguments and options that commands of the fleet share, and the fleet that they name."""

import os
from typing import Annotated

import typer

from tools.fleet import layout
from tools.fleet.errors import FleetError
from tools.fleet.fleet import Fleet

Host = Annotated[str, typer.Argument(help="app-1, app-2, ... or just the number")]
Name = Annotated[str, typer.Option("--name", envvar="THREADER_FLEET", help="Which of this checkout's fleets.")]
Subnet = Annotated[
    str | None, typer.Option(envvar="THREADER_FLEET_SUBNET", help="Such as 10.88.3.0/24; default: a free one.")
]


def fleet(name: str, subnet: str | None = None) -> Fleet:
    """Return the fleet that options and environment name."""
    if os.geteuid() != 0:
        raise FleetError("the local fleet needs root (mounts, network namespaces, control groups)", "sudo -i")
    return Fleet(layout.state_folder(name), name, subnet, layout.sizes())
