"""The commands that break and mend hosts."""

from collections.abc import Callable

import typer

from tools.fleet.fleet import Fleet
from tools.fleet.layout import DEFAULT_NAME
from tools.fleet.options import Host, Name, fleet

SIMPLE: tuple[Callable[[Fleet, str], None], ...] = (
    Fleet.stop,
    Fleet.start,
    Fleet.reboot,
    Fleet.freeze,
    Fleet.thaw,
    Fleet.cut,
    Fleet.mend,
    Fleet.fill,
    Fleet.empty,
    Fleet.readonly,
    Fleet.writable,
)


def add(app: typer.Typer) -> None:
    """Give them to a command line."""
    for action in SIMPLE:
        app.command(name=action.__name__, help=action.__doc__)(_command(action))
    app.command()(drop)


def drop(host: Host, percent: int, name: Name = DEFAULT_NAME) -> None:
    """Lose PERCENT of a host's packets at random; 0 ends it. Exit code 3: not available on this kernel."""
    fleet(name).drop(host, percent)


def _command(action: Callable[[Fleet, str], None]) -> Callable[..., None]:
    def command(host: Host, name: Name = DEFAULT_NAME) -> None:
        action(fleet(name), host)

    return command
