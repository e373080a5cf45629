"""The texts of the settings that have a form of their own: names, addresses, versions, paths, commands."""

import re
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from deploy.settings.available import DEFAULT_STRATEGY, STRATEGIES
from deploy.settings.scalars import choice, filled, integer, seconds, soft, wrong
from deploy.settings.specs import Strategy

# Part of unit names, of paths below /var/lib and of Prometheus labels: nothing that any of them would have to escape.
LONGEST_NAME: Final = 42
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
_NAME_FORM: Final = f"a name is made of a-z, 0-9 and - inside, at most {LONGEST_NAME} characters"
FIRST_UNPRIVILEGED_PORT: Final = 1024
_LABEL: Final = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")


def name(value: object) -> str:
    """The name of a host, of an instance or of a role."""
    found = filled(value)
    if _NAME.fullmatch(found):
        return found
    better = re.sub(r"[^a-z0-9]+", "-", found.lower())[:LONGEST_NAME].strip("-")
    return wrong(_NAME_FORM, f"for example {better}" if better else "")


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


def user(value: object) -> str:
    """The name of an account on a host."""
    found = filled(value)
    return found if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", found) else wrong("is no name of a user")


def ssh_port(value: object) -> int:
    """The port of sshd."""
    return integer(value, 1, 65535, "a port")


def port(value: object) -> int:
    """The port of an instance, which runs without privileges."""
    number = soft(ssh_port, value)
    if number is not None and number < FIRST_UNPRIVILEGED_PORT:
        wrong(
            f"threaders run as an unprivileged user, who may not open ports below {FIRST_UNPRIVILEGED_PORT}",
            f"pulumi config set --path '{{path}}' {number + 9000}",
        )
    return integer(value, FIRST_UNPRIVILEGED_PORT, 65535, "a port")


def deadline(value: object) -> float:
    """The seconds in which an instance has to become healthy."""
    return seconds(value, 1, 600)


def progress_deadline(value: object) -> float:
    """The seconds in which a rollout has to get further."""
    return seconds(value, 10, 86400)


def version(value: object) -> str:
    """A version, as it becomes part of folder names."""
    found = filled(value)
    form = "a version is made of letters, digits and . _ + - and starts with a letter or digit, at most 40 characters"
    return found if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}", found) else wrong(form)


def artifact(value: object) -> str:
    """The path of a .tar.gz, or a URL."""
    found = filled(value)
    if "://" in found:
        _need_web_address(found)
    elif not found.endswith((".tar.gz", ".tgz")):
        wrong("an artifact is a .tar.gz with an executable `run` in it", "make release writes one into dist/")
    return found


def sha256(value: object) -> str:
    """A SHA-256 in hex; upper case is accepted."""
    found = filled(value).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", found):
        wrong(f"a SHA-256 is 64 hex digits, and these are {len(found)} characters", "take it from: sha256sum FILE")
    return found


def health_path(value: object) -> str:
    """The path of a URL."""
    found = filled(value)
    if found.isascii() and found.startswith("/") and not re.search(r"[\s#]", found):
        return found
    return wrong("has to be the path of a URL", "for example /health" if not found.startswith("/") else "")


def file_path(value: object) -> str:
    """A path on the operator's machine."""
    found = filled(value)
    return wrong("is a folder, not a file") if PurePosixPath(found).name in ("", "..") else found


def strategy(value: object) -> Strategy:
    """A strategy that this version has."""
    found = choice(value, Strategy, "strategy", offered=STRATEGIES)
    if found not in STRATEGIES:
        have = ", ".join(each for each in Strategy if each in STRATEGIES)
        command = f"pulumi config set --path '{{path}}' {DEFAULT_STRATEGY}"
        wrong(f"{found} is not available in this version, which has: {have}", command)
    return found


def _is_ip(found: str) -> bool:
    try:
        ip_address(found.partition("%")[0])
    except ValueError:
        return False
    return True


def _need_web_address(found: str) -> None:
    try:
        parts = urlsplit(found)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", found)
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        wrong("is no http or https address", "give a path, or https://HOST/FILE.tar.gz and its sha256")
