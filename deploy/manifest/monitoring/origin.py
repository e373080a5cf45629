"""Where the program of a part comes from, as sections of its manifest. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploy.manifest.paths import PROGRAM_DIRECTORY, program_directory
from deploy.settings.specs import ArchiveSource, Source, TarballSource

Section = Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """What a host needs to have the programs of a part: see the sections of a manifest.

    `folder` is where a tarball is unpacked, `artifact` that tarball; None for packages. `package` is the vendor's.
    """

    sources: Section = field(default_factory=dict)
    masks: Section = field(default_factory=dict)
    packages: Section = field(default_factory=dict)
    programs: Section = field(default_factory=dict)
    directories: tuple[str, ...] = ()
    folder: str | None = None
    artifact: str | None = None
    package: str | None = None

    def program(self, packaged: str, name: str) -> str:
        """The path of a program: `packaged` where packages have it, `name` in the folder of a tarball."""
        return f"{self.folder}/{name}" if self.folder else packaged


def origin(part: str, source: Source, packages: Iterable[str], units: Iterable[str]) -> Origin:
    """What a source asks of a host; `packages` are the distribution's, `units` those of any package, which stay off."""
    if isinstance(source, TarballSource):
        folder = program_directory(part, source.sha256)
        return Origin(
            programs={folder: source.sha256},
            directories=(PROGRAM_DIRECTORY,),
            folder=folder,
            artifact=source.artifact,
        )
    masks = dict.fromkeys(units, "masked")
    if isinstance(source, ArchiveSource):
        masks[f"{source.package}.service"] = "masked"
        packaged = {source.package: "installed"}
        return Origin({part: source.sources}, masks, packaged, package=source.package)
    return Origin(masks=masks, packages=dict.fromkeys(packages, "installed"))
