"""The commands that break and mend hosts."""

from collections.abc import Callable

from tools.fleet.cli import Host, Name, app, fleet
from tools.fleet.fleet import Fleet
from tools.fleet.layout import DEFAULT_NAME

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


def _add(action: Callable[[Fleet, str], None]) -> None:
    def command(host: Host, name: Name = DEFAULT_NAME) -> None:
        action(fleet(name), host)

    app.command(name=action.__name__, help=action.__doc__)(command)


for _action in SIMPLE:
    _add(_action)


@app.command()
def drop(host: Host, percent: int, name: Name = DEFAULT_NAME) -> None:
    """Lose PERCENT of a host's packets at random; 0 ends it. Exit code 3: not available on this kernel."""
    fleet(name).drop(host, percent)
