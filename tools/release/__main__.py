"""`python -m tools.release`: build an artifact, or write the lock it is built from."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tools.release.build import build
from tools.release.errors import ReleaseError
from tools.release.lock import write_lock
from tools.release.targets import ARCHITECTURES, DEFAULT_ARCHITECTURES

cli = typer.Typer(add_completion=False, no_args_is_help=True, help="Build release artifacts of the threader.")


@cli.command("build")
def build_command(
    impl: Annotated[str, typer.Option(help="Which threader; only python so far.")] = "python",
    version: Annotated[str | None, typer.Option(help="Version to call it; default: what the sources say.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the artifact and SHA256SUMS.")] = Path("dist"),
    arch: Annotated[list[str] | None, typer.Option(help="Host architecture, repeatable: x86_64, aarch64.")] = None,
) -> None:
    """Build the artifact and its line in SHA256SUMS; from the cache when nothing changed."""
    if impl != "python":
        raise ReleaseError(f"--impl {impl}", "there is no such threader", "python -m tools.release build")
    for wanted in arch or ():
        if wanted not in ARCHITECTURES:
            raise ReleaseError(f"--arch {wanted}", f"must be one of {', '.join(ARCHITECTURES)}", "correct --arch")
    started = time.monotonic()
    made = build(version, out, tuple(arch or DEFAULT_ARCHITECTURES))
    size, took = made.path.stat().st_size / 1e6, time.monotonic() - started
    print(
        f"{made.path}  {size:.1f} MB  sha256 {made.sha256[:12]}  {'built' if made.fresh else 'cached'} in {took:.1f} s"
    )


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
