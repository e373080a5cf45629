"""For which Pythons a release carries machine code."""

from __future__ import annotations

from dataclasses import dataclass

PYTHONS = ("310", "311", "312", "313")
"""Ubuntu 22.04, Debian 12, Ubuntu 24.04, Debian 13."""

ARCHITECTURES = ("x86_64", "aarch64")
DEFAULT_ARCHITECTURES = ("x86_64",)
"""aarch64 doubles the machine code in every artifact; whoever has such hosts asks for it with --arch."""


@dataclass(frozen=True)
class Target:
    """One Python on one architecture."""

    python: str
    arch: str

    @property
    def folder(self) -> str:
        """The folder of its machine code in the artifact; `start.py` looks for this name."""
        return f"lib-cp{self.python}-{self.arch}"

    @property
    def pip_options(self) -> list[str]:
        """How pip is told to fetch for it, whatever machine it runs on."""
        platforms = [f"--platform=manylinux{flavour}_{self.arch}" for flavour in ("2014", "_2_17", "_2_28")]
        abis = [f"--abi={abi}" for abi in (f"cp{self.python}", "abi3", "none")]
        return [*platforms, "--implementation=cp", f"--python-version={self.python}", *abis]


def targets(architectures: tuple[str, ...]) -> tuple[Target, ...]:
    """Every Python on each of the architectures."""
    return tuple(Target(python, arch) for arch in sorted(set(architectures)) for python in PYTHONS)
