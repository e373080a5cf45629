"""What set-up still has to do in this checkout: quick to find out, so that a second set-up is."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.setup import packages, pulumi_cli, venv
from tools.setup.paths import ROOT


@dataclass(frozen=True)
class Pending:
    """The long steps that are not done yet."""

    packages: tuple[str, ...] = ()
    venv: bool = False
    cli: bool = False
    """The Pulumi CLI has to be fetched or built."""

    def __bool__(self) -> bool:
        return bool(self.packages or self.venv or self.cli)


def find(env: Mapping[str, str], whole: bool) -> Pending:
    """Return what is to be done; `whole` is false for commands that need `.venv` alone."""
    stale = not venv.is_fresh(ROOT)
    if not whole:
        return Pending(venv=stale)
    cli = pulumi_cli.source(env, outside=lambda: False).folder is None
    return Pending(packages.missing(), stale, cli)
