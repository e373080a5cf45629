"""Which Debian archives this machine uses. The hosts get the same ones, through the fleet's proxy."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import getproxies

from tools.fleet.errors import FleetError

DEB822 = Path("/etc/apt/sources.list.d/debian.sources")
ONE_LINE = Path("/etc/apt/sources.list")


@dataclass(frozen=True)
class Archives:
    """`name` is the file's name under /etc/apt, `text` its text for a host, `uris` the real addresses, mirror first."""

    name: str
    text: str
    uris: tuple[str, ...]


def parse(name: str, text: str) -> Archives:
    """Read debian.sources (deb822) or sources.list (one line each).

    Hosts ask for http, whatever the real scheme: the proxy knows it.
    """
    if name.endswith(".sources"):
        found = [uri for line in re.findall(r"(?im)^URIs:(.*)$", text) for uri in line.split()]
    else:
        found = re.findall(r"(?m)^deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)", text)
    uris = tuple(dict.fromkeys(uri.rstrip("/") for uri in found if uri.startswith(("http://", "https://"))))
    return Archives(name, text.replace("https://", "http://"), uris)


def of_machine() -> Archives:
    """Read this machine's own list of Debian archives; mirror lists in files are followed."""
    for path in (DEB822, ONE_LINE):
        if path.is_file():
            archives = parse(str(path.relative_to("/etc/apt")), _without_mirror_files(path.read_text()))
            if archives.uris:
                return archives
    raise FleetError(f"no Debian archive is named in {DEB822} or {ONE_LINE}", f"editor {DEB822}")


def _without_mirror_files(text: str) -> str:
    return re.sub(r"mirror\+file:(\S+)", lambda found: Path(found[1]).read_text().split()[0], text)


def upstream_proxies() -> Mapping[str, str]:
    """Return scheme → proxy as this machine's programs or its apt use them; usually empty."""
    proxies = {scheme: url for scheme, url in getproxies().items() if scheme in ("http", "https")}
    for scheme in ("http", "https"):
        shown = subprocess.run(
            ["apt-config", "shell", "url", f"Acquire::{scheme}::Proxy"], capture_output=True, text=True, check=False
        ).stdout
        found = re.search(r"url='(https?://[^']+)'", shown)
        if found:
            proxies.setdefault(scheme, found[1])
    return proxies
