"""Puts the libraries of this release first, those with machine code for this very Python, and starts the threader."""

import platform
import runpy
import sys
from pathlib import Path

EX_CONFIG = 78


def main() -> None:
    """Run the threader, or say which Python is missing."""
    here = Path(__file__).resolve().parent
    native = here / f"lib-cp{sys.version_info[0]}{sys.version_info[1]}-{platform.machine()}"
    if not native.is_dir():
        built_for = ", ".join(sorted(folder.name[len("lib-") :] for folder in here.glob("lib-*")))
        print(f"threader: this release runs on {built_for}, not on {native.name[len('lib-') :]}", file=sys.stderr)
        print("next: use a supported host, or build the release for this one", file=sys.stderr)
        sys.exit(EX_CONFIG)
    sys.path[:0] = [str(here / "app"), str(here / "lib"), str(native)]
    runpy.run_module("threader", run_name="__main__", alter_sys=True)


main()
