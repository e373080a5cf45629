"""The manifest of a host: what all its instances share."""

from functools import cache
from pathlib import Path
from typing import Final

from deploy.manifest import unit
from deploy.manifest.health import health_base
from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.access import ANYBODY, Access
from deploy.manifest.paths import (
    ARTIFACT_DIRECTORY,
    DATA_DIRECTORY,
    ENV_DIRECTORY,
    HELPER,
    LIBRARY_DIRECTORY,
    NODE_PACKAGE,
    USER,
)
from deploy.settings.specs import HealthSpec

SERVICE_USER: Final = f"system account, home {DATA_DIRECTORY}, no login"


@cache
def helper_files() -> dict[str, str]:
    """The text of the only privileged helper, and of its parts, by the path at which each is installed."""
    folder = Path(__file__).parents[1] / "hosts" / "helper"
    names = ("activate.py", "instance.py", "records.py", "slot.py")
    parts = {f"{LIBRARY_DIRECTORY}/{name}": (folder / name).read_text() for name in names}
    return {HELPER: (folder / "start.py").read_text(), **parts}


def host_manifest(*impls: str, metrics: str = HealthSpec().metrics, access: Access = ANYBODY) -> Manifest:
    """What a host gets on which instances of `impls` run. Packages that were installed stay when nobody needs them.

    `metrics` is the folder of node_exporter's textfile collector, `access` is what health checks need.
    """
    health = health_base(metrics, access)
    files = {**helper_files(), unit.TEMPLATE_PATH: unit.TEMPLATE, unit.SETTLE_PATH: unit.SETTLE}
    return Manifest(
        users={USER: SERVICE_USER},
        packages={NODE_PACKAGE: "installed"} if "node" in impls else {},
        directories={
            **dict.fromkeys((ENV_DIRECTORY, DATA_DIRECTORY, LIBRARY_DIRECTORY, ARTIFACT_DIRECTORY), "root:root 0755"),
            **health.directories,
        },
        files={**files, **health.files},
        access={
            **{path: "root:root 0755" if path == HELPER else "root:root 0644" for path in files},
            **health.access,
        },
        links={unit.SETTLE_WANTS: unit.SETTLE_PATH},
    )
