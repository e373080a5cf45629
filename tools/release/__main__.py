"""`python -m tools.release`: build an artifact, or write the lock it is built from."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tools.release.build import Artifact, build
from tools.release.errors import ReleaseError
from tools.release.implementations import RECIPES, recipe
from tools.release.lock import write_lock
from tools.release.targets import ARCHITECTURES, DEFAULT_ARCHITECTURES

cli = typer.Typer(add_completion=False, no_args_is_help=True, help="Build release artifacts of the threader.")


@cli.command("build")
def build_command(
    impl: Annotated[
        list[str] | None, typer.Option(help=f"Which threader, repeatable: {', '.join(RECIPES)}; default: all.")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Version to call it; default: what the sources say.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the artifact and SHA256SUMS.")] = Path("dist"),
    arch: Annotated[list[str] | None, typer.Option(help="Host architecture, repeatable: x86_64, aarch64.")] = None,
) -> None:
    """Build artifacts and their lines in SHA256SUMS; from the cache when nothing changed."""
    for wanted in arch or ():
        if wanted not in ARCHITECTURES:
            raise ReleaseError(f"--arch {wanted}", f"must be one of {', '.join(ARCHITECTURES)}", "correct --arch")
    chosen, architectures = impl or list(RECIPES), tuple(arch or DEFAULT_ARCHITECTURES)
    for name in chosen:
        recipe(name, architectures)  # a wrong name or architecture is told before anything is built
    for name in chosen:
        started = time.monotonic()
        made = build(version, out, architectures, impl=name)
        _tell(made, time.monotonic() - started)


def _tell(made: Artifact, took: float) -> None:
    size, how = made.path.stat().st_size / 1e6, "built" if made.fresh else "cached"
    print(f"{made.path}  {size:.1f} MB  sha256 {made.sha256[:12]}  {how} in {took:.1f} s", flush=True)


@cli.command("lock")
def lock_command() -> None:
    """Resolve services/python/requirements.txt again and write the lock with hashes."""
    print(write_lock())


def main() -> int:
    """Run the command line; the process' exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        cli()
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
