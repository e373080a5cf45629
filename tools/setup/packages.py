"""The Debian packages that a checkout needs on this machine, and the note of those that set-up has installed."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.fleet.packages import TOOLS
from tools.setup.paths import cache

# redis-tools has the whole of Redis in one program (redis-server is a link to it), and unlike the
# package redis-server it installs no service, no user and nothing that starts by itself.
REDIS = "/usr/bin/redis-check-rdb"
NEEDED: tuple[tuple[str, str], ...] = (
    *TOOLS.items(),
    ("curl", "curl"),
    ("/etc/ssl/certs/ca-certificates.crt", "ca-certificates"),
    (REDIS, "redis-tools"),
    ("promtool", "prometheus"),
    ("amtool", "prometheus-alertmanager"),
    ("syslog-ng", "syslog-ng-core"),
    ("/usr/share/doc/syslog-ng-mod-http", "syslog-ng-mod-http"),
)
"""(command or file, the package that has it)."""
SERVICES: Mapping[str, str] = {
    "prometheus": "prometheus.service",
    "prometheus-alertmanager": "prometheus-alertmanager.service",
    "syslog-ng-core": "syslog-ng.service",
}
"""What a package would start by itself, though we need only its tools: set-up masks it first."""
UNITS = Path("/etc/systemd/system")

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def here(tool: str) -> bool:
    """Tell whether a command, or a file given by its whole path, is on this machine."""
    return Path(tool).exists() if tool.startswith("/") else shutil.which(tool, path=SYSTEM_PATH) is not None


def missing(found: Callable[[str], bool] = here) -> tuple[str, ...]:
    """Return the packages to install, each once, in alphabetical order."""
    return tuple(sorted({package for tool, package in NEEDED if not found(tool)}))


def mask(names: Sequence[str], units: Path = UNITS) -> None:
    """Mask the services of packages that are about to be installed, apart from those of which a unit file is there."""
    for unit in services(names):
        if units.is_dir() and not os.path.lexists(units / unit):
            (units / unit).symlink_to("/dev/null")


def services(names: Sequence[str]) -> tuple[str, ...]:
    """Return the services of some packages."""
    return tuple(SERVICES[name] for name in names if name in SERVICES)


def _note() -> Path:
    return cache() / "installed-packages"


def record(names: Sequence[str]) -> None:
    """Remember what was installed for us, so that `make demo-down` can say how to remove it."""
    _note().write_text("".join(f"{name}\n" for name in sorted({*installed(), *names})))


def installed() -> tuple[str, ...]:
    """Return the packages that set-ups of this user have installed."""
    return tuple(_note().read_text().split()) if _note().exists() else ()
