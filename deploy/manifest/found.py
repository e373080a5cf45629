"""Snapshot to manifest: what was found on a host, in the shape of what is wanted there. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from deploy.manifest.host import SERVICE_USER
from deploy.manifest.items import Manifest
from deploy.manifest.paths import DATA_DIRECTORY, UNIT_DIRECTORY, sources_path

Snapshot = Mapping[str, Any]

DIGEST: Final = "not text: sha256 "
"""How the snapshot says what is in a file that is too large to be sent; the digest follows."""
SOURCE_ACCESS: Final = "root:root 0644"
"""The rights of a file that tells apt of an archive."""


def found_manifest(snapshot: Snapshot, names: Manifest) -> Manifest:
    """That part of the snapshot that `names` names, whatever each thing turned out to be."""
    files, access, directories, links = {}, {}, {}, {}
    for path in names.paths:
        thing = snapshot["paths"].get(path, {})
        if "link" in thing:
            links[path] = thing["link"]
        elif "directory" in thing:
            directories[path] = thing["directory"]
        elif "file" in thing:
            files[path], access[path] = _text(thing["file"], names.files.get(path)), thing["access"]
    users = {name: _user(snapshot["users"][name]) for name in names.users if snapshot["users"].get(name)}
    packages = {name: state for name in names.packages if (state := snapshot.get("packages", {}).get(name))}
    units = {name: state for name in names.units if (state := _unit(snapshot, name))}
    return Manifest(
        users=users,
        sources={name: text for name in names.sources if (text := _source(snapshot, name)) is not None},
        masks={name: "masked" for name in names.masks if _masked(snapshot, name)},
        packages=packages,
        directories=directories,
        programs={path: digest for path in names.programs if (digest := snapshot.get("programs", {}).get(path))},
        files=files,
        access=access,
        links=links,
        units=units,
    )


def _text(found: str, named: str | None) -> str:
    """What is in a file; a large one with the digest of the text that is known of it has that text."""
    if named is not None and found == DIGEST + hashlib.sha256(named.encode()).hexdigest():
        return named
    return found


def _source(snapshot: Snapshot, name: str) -> str | None:
    """What apt is told of an archive; with other rights than it should have, these stand for it."""
    thing = snapshot["paths"].get(sources_path(name), {})
    rights = thing.get("access", "no file")
    return None if not thing else str(thing["file"]) if rights == SOURCE_ACCESS else f"rights: {rights}"


def _masked(snapshot: Snapshot, name: str) -> bool:
    return bool(snapshot["paths"].get(f"{UNIT_DIRECTORY}/{name}", {}).get("link") == "/dev/null")


def _unit(snapshot: Snapshot, name: str) -> str | None:
    state = snapshot.get("units", {}).get(name)
    return None if state == "inactive" else state


def _user(entry: Mapping[str, Any]) -> str:
    if entry["home"] == DATA_DIRECTORY and entry["shell"].endswith("/nologin"):
        return SERVICE_USER
    return f"home {entry['home']}, shell {entry['shell']}"
