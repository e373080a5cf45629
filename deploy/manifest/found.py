"""Snapshot to manifest: what was found on a host, in the shape of what is wanted there. Pure."""

from collections.abc import Mapping
from typing import Any

from deploy.manifest.host import SERVICE_USER
from deploy.manifest.items import Manifest
from deploy.manifest.paths import DATA_DIRECTORY

Snapshot = Mapping[str, Any]


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
            files[path], access[path] = thing["file"], thing["access"]
    users = {name: _user(snapshot["users"][name]) for name in names.users if snapshot["users"].get(name)}
    packages = {name: state for name in names.packages if (state := snapshot.get("packages", {}).get(name))}
    units = {name: state for name in names.units if (state := _unit(snapshot, name))}
    return Manifest(
        users=users,
        packages=packages,
        directories=directories,
        files=files,
        access=access,
        links=links,
        units=units,
    )


def _unit(snapshot: Snapshot, name: str) -> str | None:
    state = snapshot.get("units", {}).get(name)
    return None if state == "inactive" else state


def _user(entry: Mapping[str, Any]) -> str:
    if entry["home"] == DATA_DIRECTORY and entry["shell"].endswith("/nologin"):
        return SERVICE_USER
    return f"home {entry['home']}, shell {entry['shell']}"
