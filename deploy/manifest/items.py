"""The manifest: all that one resource owns on a host, from users and packages to running units."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

Section = Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    """What should be there, or (the same shape) what was found there.

    Sections map a name to a text that people can read, so that a difference can be shown line by line:
    `files` path to content, `access` path of a file to "owner:group mode", `directories` path to "owner:group mode",
    `links` path to target, `users` name to description, `packages` name to state, `units` name of a systemd unit to
    "active", `masks` name of another's unit to "masked", `sources` name of a vendor's archive to what apt is told,
    `programs` directory to the SHA-256 of the tarball from which it was unpacked. A thing that is absent, as a unit is
    that is inactive, has no key.
    """

    users: Section = field(default_factory=dict)
    sources: Section = field(default_factory=dict)
    masks: Section = field(default_factory=dict)
    packages: Section = field(default_factory=dict)
    directories: Section = field(default_factory=dict)
    programs: Section = field(default_factory=dict)
    files: Section = field(default_factory=dict)
    access: Section = field(default_factory=dict)
    links: Section = field(default_factory=dict)
    units: Section = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that the manifest names, sorted."""
        return tuple(sorted({*self.directories, *self.files, *self.links}))

    def sections(self) -> dict[str, dict[str, str]]:
        """The manifest as plain nested maps, for resource inputs and for the wire."""
        return {each.name: dict(getattr(self, each.name)) for each in fields(self)}

    @staticmethod
    def of(sections: Mapping[str, object]) -> "Manifest":
        """The manifest in `sections`, other keys of which are passed over."""
        found = {each.name: sections.get(each.name) for each in fields(Manifest)}
        return Manifest(**{name: dict(value) for name, value in found.items() if isinstance(value, Mapping)})


@dataclass(frozen=True)
class Change:
    """One difference: `section` and `name` say where; None stands for absent."""

    section: str
    name: str
    found: str | None
    wanted: str | None


def difference(found: Manifest, wanted: Manifest) -> tuple[Change, ...]:
    """What has to change on a host so that `found` becomes `wanted`, in the order in which it can be done.

    Users come first, since files belong to them; a package comes after its archive, and after the masks that keep it
    from starting anything; directories come parent first and go child first; units are started when all else is made,
    and stopped before anything else is removed.
    """
    have, want = found.sections(), wanted.sections()
    changes = [
        Change(section, name, have[section].get(name), want[section].get(name))
        for section in have
        for name in sorted(have[section].keys() | want[section].keys())
        if have[section].get(name) != want[section].get(name)
    ]
    made = [change for change in changes if change.wanted is not None]
    gone = [change for change in changes if change.wanted is None]
    return (*made, *reversed(gone))
