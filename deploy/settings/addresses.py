"""The addresses of the settings: of hosts, of what is downloaded, and of what answers HTTP."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from deploy.settings.scalars import filled, text, wrong
from deploy.settings.specs import FleetSpec

_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")


def address(value: object) -> str:
    """An IP address, a host name or a Host of ~/.ssh/config, without user and port."""
    found = filled(value)
    if _is_ip(found):
        return found
    if "@" in found:
        wrong("an address has no user in it", "the user has a key of its own: user")
    if re.fullmatch(r"[^:]+:\d+|\[.*\](:\d+)?", found):
        wrong("an address has no port or brackets in it", "the port has a key of its own: port")
    if re.fullmatch(r"[0-9.]+", found) or len(found) > 253 or not _HOST_NAME.fullmatch(found):
        wrong("is no IP address and no host name")
    return found


def ip(value: object) -> str:
    """An IP address."""
    found = filled(value)
    return found if _is_ip(found) and "%" not in found else wrong("has to be an IP address", "for example 0.0.0.0")


def artifact(value: object) -> str:
    """The path of a .tar.gz, or a URL."""
    return _archive(
        value, "an artifact is a .tar.gz with an executable `run` in it", "make release writes one into dist/"
    )


def tarball(value: object) -> str:
    """The path of a .tar.gz with programs in it, or a URL."""
    return _archive(value, "a tarball is a .tar.gz, with the programs at its top or in its one folder")


def _archive(value: object, form: str, how: str = "") -> str:
    found = filled(value)
    if "://" in found:
        _need_web_address(found)
    elif not found.endswith((".tar.gz", ".tgz")):
        wrong(form, how)
    return found


def health_path(value: object) -> str:
    """The path of a URL."""
    found = filled(value)
    if found.isascii() and found.startswith("/") and not re.search(r"[\s#]", found):
        return found
    return wrong("has to be the path of a URL", "for example /health" if not found.startswith("/") else "")


def ready_path(value: object) -> str:
    """The path of a URL, with nothing in it that the configuration of an edge would have to escape."""
    found = health_path(value)
    odd = re.sub(r"[A-Za-z0-9/._~!&()*+,;=:@%?-]", "", found)
    return wrong(f"has a character that the edge can not ask with: {odd[0]}") if odd else found


def alertmanager(value: object) -> str:
    """The base URL of an Alertmanager."""
    return _base(value, "http://alertmanager.example.com:9093")


def external(value: object) -> str:
    """The URL at which people reach something, also through a proxy of their own."""
    return _base(value, "https://prometheus.example.com")


def _base(value: object, example: str) -> str:
    found = text(value).strip()
    if is_web_address(found) and "@" in urlsplit(found).netloc:
        wrong("has credentials in it, which everybody on the hosts could read", "name an address that needs none")
    found = filled(found)
    if not is_web_address(found) or re.search(r"[?#]", found):
        wrong("has to be an http or https address without ? and #", f"for example {example}")
    return found.rstrip("/")


def endpoint(address: str, port: int) -> str:
    """ADDRESS:PORT, as a URL has it and as programs take it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def alertmanager_urls(fleet: FleetSpec) -> tuple[str, ...]:
    """The base URLs of the fleet's own Alertmanagers."""
    wanted = fleet.monitoring
    return tuple(f"{wanted.scheme}://{endpoint(host.address, wanted.alertmanager.port)}" for host in fleet.monitors)


def is_web_address(found: str) -> bool:
    """Whether a text is an address that HTTP or HTTPS reaches."""
    try:
        parts = urlsplit(found)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", found)


def _is_ip(found: str) -> bool:
    try:
        ip_address(found.partition("%")[0])
    except ValueError:
        return False
    return True


def _need_web_address(found: str) -> None:
    if not is_web_address(found):
        wrong("is no http or https address", "give a path, or https://HOST/FILE.tar.gz and its sha256")
