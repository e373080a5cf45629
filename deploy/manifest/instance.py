"""The manifest of an instance on its host: everything of it except the generations themselves."""

import json
from collections.abc import Mapping
from typing import Final

from deploy.manifest.items import Manifest
from deploy.manifest.paths import (
    ENV_DIRECTORY,
    UNIT_DIRECTORY,
    current_link,
    generations_directory,
    instance_directory,
    unit_name,
)
from deploy.manifest.unit import TEMPLATE_PATH
from deploy.settings.specs import HealthSpec

UNIT_SETTINGS: Final = "unit.conf"
HELPER_SETTINGS: Final = "settings.json"


def instance_manifest(instance: str) -> Manifest:
    """Folders and links of an instance; the links lead through `current`, so that one rename switches all of them."""
    drop_in = f"{UNIT_DIRECTORY}/{unit_name(instance)}.d"
    return Manifest(
        directories={
            instance_directory(instance): "root:root 0755",
            generations_directory(instance): "root:root 0755",
            drop_in: "root:root 0755",
        },
        links={
            f"{ENV_DIRECTORY}/{instance}.env": f"{current_link(instance)}/env",
            f"{drop_in}/generation.conf": f"{current_link(instance)}/{UNIT_SETTINGS}",
            f"{UNIT_DIRECTORY}/multi-user.target.wants/{unit_name(instance)}": TEMPLATE_PATH,
        },
    )


def settings_files(
    *, instance: str, impl: str, version: str, release: str, port: int, bind: str, health: HealthSpec
) -> dict[str, str]:
    """The settings files of a generation: what systemd and the activation helper need beside the environment."""
    address = "127.0.0.1" if bind in ("", "0.0.0.0", "::") else f"[{bind}]" if ":" in bind else bind  # noqa: S104
    base = f"http://{address}:{port}"
    helper = {
        "impl": impl,
        "version": version,
        "release": release,
        "port": port,
        "health": f"{base}{health.path}",
        "ready": f"{base}{health.ready}",
        "deadline": health.deadline,
        "interval": health.interval,
    }
    return {
        UNIT_SETTINGS: f"[Unit]\nDescription=Alert threader {instance} ({impl})\n",
        HELPER_SETTINGS: json.dumps(helper, indent=1, sort_keys=True) + "\n",
    }


def environment(
    own: Mapping[str, str], *, instance: str, port: int, data: str, bind: str | None = None
) -> dict[str, str]:
    """The plain variables of an instance: the operator's own, completed by what its place in the fleet decides.

    `bind` is where it listens unless the operator says so; None leaves that to the threader, which takes loopback.
    """
    return {
        **({"BIND_HOST": bind} if bind else {}),
        "INSTANCE": instance,
        "THREAD_STORE_FILE": f"{data}/threads.json",
        **own,
        "BIND_PORT": str(port),
    }
