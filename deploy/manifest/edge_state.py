"""Whether HAProxy runs with the configuration that lies on its host. Pure."""

from typing import Final

from deploy.manifest.edge import CONFIG_PATH
from deploy.manifest.found import Snapshot

RUNNING_PATH: Final = "/run/alert-threader-edge/haproxy.cfg"
"""What HAProxy runs: the wanted configuration, then the servers that it keeps until they are retired."""
LOADED: Final = "as written"
"""Said of a HAProxy that runs with the configuration that lies on its host."""


def loaded(snapshot: Snapshot) -> str:
    """With which configuration HAProxy runs: `LOADED`, or the one of a reload that was cut off, or none."""
    running, written = (snapshot["paths"].get(path, {}).get("file") for path in (RUNNING_PATH, CONFIG_PATH))
    if running is None:
        return "nothing"
    return LOADED if written is not None and running.startswith(written) else "another configuration"
