"""Remove generations and artifacts that no instance needs any more.

    pyinfra deploy/inventory.py deploy/ops/clean.py [--dry] [--data keep=2] [--data instance=py-a]

Each instance keeps its newest `keep` generations, and always the current one, those of a pending switch and the two
that were confirmed last; a deploy brings back any other. What staging left half done goes, too, and artifacts that no
generation left has. Nothing that is younger than an hour goes. It says first what would go, which with --dry is all.
"""

import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pyinfra import host
from pyinfra.api import FactBase
from pyinfra.api.exceptions import OperationError
from pyinfra.operations import python, server

SCRIPT = (Path(__file__).parents[1] / "hosts" / "helper" / "clean.py").read_text()
KEEP = 2

Entry = Mapping[str, Any]


def command(verb: str, keep: int, instance: str | None) -> str:
    """The script as a command on the host."""
    return shlex.join(("python3", "-c", SCRIPT, verb, str(keep), *((instance,) if instance else ())))


class Needless(FactBase):  # type: ignore[misc]
    """What would be removed."""

    def command(self, keep: int, instance: str | None) -> str:
        """Look only."""
        return command("look", keep, instance)

    def process(self, output: Iterable[str]) -> list[Entry]:
        """The last line has it."""
        return entries(output)


def entries(lines: Iterable[str]) -> list[Entry]:
    """What the script printed."""
    found: list[Entry] = json.loads(list(lines)[-1])
    return found


def show(verb: str, found: list[Entry]) -> None:
    """Print a line for each, and the sum."""
    lines = [f"  {each['bytes']:>12}  {each['path']}  {each['why']}" for each in found]
    total = f"{len(found)} with {sum(each['bytes'] for each in found)} bytes" if found else "nothing"
    print("\n".join((f"\n--- {host.name}: {verb} {total}", *lines)))


def main() -> None:
    """Look, say, and remove."""
    keep, instance = host.data.get("keep", KEEP), host.data.get("instance")
    if not isinstance(keep, int) or keep < 1:
        raise OperationError(f"keep={keep} has to be a number from 1; next: the same command with --data keep={KEEP}")
    found = host.get_fact(Needless, keep=keep, instance=instance)
    if found is None:
        raise OperationError(f"host {host.name} did not say what it has; next: threader doctor")
    show("would remove", found)
    if found:
        done = server.shell(name="remove what is not needed", commands=[command("remove", keep, instance)])
        python.call(name="say what was removed", function=lambda: show("removed", entries(done.stdout_lines)))


main()
