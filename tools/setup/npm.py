"""npm, which only the release of the Node threader needs, so no other set-up installs it."""

import shutil

from tools.setup import apt
from tools.setup.errors import SetupError
from tools.setup.progress import Step

USUAL_SECONDS = 90.0
"""Debian's npm brings some 350 small packages along."""


def find_or_install(step: Step) -> str:
    """Return the npm on PATH; installs Debian's when there is none. Raises SetupError."""
    found = shutil.which("npm")
    if found is None:
        step.usual = USUAL_SECONDS
        apt.install(step, ("npm",))
        found = shutil.which("npm", path=apt.SYSTEM_PATH)
    if found is None:
        raise SetupError("npm cannot be had by the package manager", "install nodejs and npm, then try again")
    return found
