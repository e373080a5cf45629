"""Which stack is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.cli import pulumi
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.settings.report import near


@dataclass(frozen=True)
class Known:
    """A stack that exists; `selected` is the workspace's."""

    name: str
    selected: bool = False


def stack(named: str | None) -> str:
    """The stack that was named, else the selected one, else the only one; raises CliError."""
    return choose(named, known())


def known() -> list[Known]:
    """The stacks of this project in the backend."""
    return [Known(each["name"], each["current"]) for each in pulumi.ask_json("stack", "ls")]


def choose(named: str | None, stacks: Sequence[Known]) -> str:
    """The same, of given stacks."""
    names = [each.name for each in stacks]
    if named:
        if any(named.rpartition("/")[2] == name.rpartition("/")[2] for name in names):
            return named
        raise _unknown(named, names)
    if selected := [each.name for each in stacks if each.selected] or (names if len(names) == 1 else []):
        return selected[0]
    if not names:
        raise CliError("there is no stack yet", "pulumi stack init dev")
    raise CliError(
        f"which stack? There are: {', '.join(names)}",
        f"pulumi stack select {names[0]} (or --stack {names[0]} for this once)",
        Code.USAGE,
    )


def _unknown(named: str, names: Sequence[str]) -> CliError:
    close = near(named, names)
    if close:
        return CliError(
            f"there is no stack {named}; did you mean {close}?", f"the same command with --stack {close}", Code.USAGE
        )
    there = f"there are: {', '.join(names)}" if names else "there is none yet"
    return CliError(f"there is no stack {named}; {there}", f"pulumi stack init {named}", Code.USAGE)
