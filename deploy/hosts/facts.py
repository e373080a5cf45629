"""What is read from a host: one pyinfra fact, one SSH exec."""

import json
import shlex
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pyinfra.api import FactBase, StringCommand
from pyinfra.api.command import QuoteString


@cache
def script(name: str) -> str:
    """The source of one of the scripts that run on a host."""
    return (Path(__file__).parent / "helper" / f"{name}.py").read_text()


def python(name: str, request: object) -> StringCommand:
    """A command that runs one of our scripts on the host, with `request` as a line of JSON on its standard input.

    The script, which is public, goes as an argument; the request, which may hold secrets, never does.
    """
    return StringCommand("python3", "-c", QuoteString(script(name)), _stdin=json.dumps(request))


def asking(name: str, request: object) -> StringCommand:
    """The same for a request without secrets, which goes as an argument, too: so anything can run it."""
    return StringCommand(
        "printf '%s\\n'", shlex.quote(json.dumps(request)), "|", "python3", "-c", QuoteString(script(name))
    )


class Snapshot(FactBase):  # type: ignore[misc]
    """All that is ours on a host, and the `paths`, `users`, `packages` and `units` asked for."""

    @staticmethod
    def default() -> dict[str, Any]:
        """Nothing was read: the caller looks at the command's own output for the reason."""
        return {}

    def command(
        self,
        paths: Iterable[str] = (),
        users: Iterable[str] = (),
        packages: Iterable[str] = (),
        units: Iterable[str] = (),
    ) -> StringCommand:
        """The one command."""
        asked = {"paths": paths, "users": users, "packages": packages, "units": units}
        return asking("snapshot", {name: sorted(each) for name, each in asked.items()})

    def process(self, output: Iterable[str]) -> dict[str, Any]:
        """The last line is the snapshot."""
        found: dict[str, Any] = json.loads(list(output)[-1])
        return found
