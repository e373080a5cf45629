"""A part of the monitoring on one host, and what all of them have in common. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.origin import Origin
from deploy.manifest.paths import UNIT_DIRECTORY, part_directory, part_unit

PUBLIC: Final = "root:root 0644"
HIDDEN: Final = "root:root 0600"
"""The rights of a secret, of which the unit gets a copy as a credential. What has them is secret in the state, too."""
LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True)
class Part:
    """A program of the monitoring on a host.

    `artifact` is the tarball that it comes in. `check` is a command that fails for a configuration that it would
    refuse. `reloads`: it takes another configuration without a restart. It answers at `listens` (ADDRESS:PORT), if it
    does, once it runs.
    """

    name: str
    manifest: Manifest
    artifact: str | None = None
    check: tuple[str, ...] = ()
    reloads: bool = False
    listens: str | None = None


def part_manifest(
    part: str, unit: str, origin: Origin, files: Mapping[str, str], secrets: Mapping[str, str] | None = None
) -> Manifest:
    """What a part that runs all the time has: its unit, and `files` and `secrets` by their path in its directory."""
    directory, path = part_directory(part), f"{UNIT_DIRECTORY}/{part_unit(part)}"
    public = {f"{directory}/{name}": ended(text) for name, text in files.items()}
    hidden = {f"{directory}/{name}": ended(text) for name, text in (secrets or {}).items()}
    return Manifest(
        sources=origin.sources,
        masks=origin.masks,
        packages=origin.packages,
        directories=dict.fromkeys((*origin.directories, *folders(directory, files)), "root:root 0755"),
        programs=origin.programs,
        files={path: unit, **public, **hidden},
        access={**dict.fromkeys((path, *public), PUBLIC), **dict.fromkeys(hidden, HIDDEN)},
        links={f"{UNIT_DIRECTORY}/multi-user.target.wants/{part_unit(part)}": path},
        units={part_unit(part): "active"},
    )


def ended(text: str) -> str:
    """A text that ends with a line break, as every file of ours does."""
    return text if text.endswith("\n") else f"{text}\n"


def folders(directory: str, names: Iterable[str]) -> tuple[str, ...]:
    """A directory, and those in it that files with such names need."""
    parents = {parent for name in names for parent in _parents(name)}
    return (directory, *(f"{directory}/{parent}" for parent in sorted(parents)))


def listening(address: str) -> str:
    """Where a part listens that other hosts ask: at the host's own address, or everywhere if that is a name."""
    try:
        return str(ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - see the docstring


def _parents(name: str) -> list[str]:
    words = name.split("/")[:-1]
    return ["/".join(words[: number + 1]) for number in range(len(words))]
