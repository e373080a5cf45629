"""The texts of the settings that have a form of their own: names, ports, versions, digests, strategies."""

import re
from typing import Final

from deploy.settings.available import DEFAULT_STRATEGY, STRATEGIES
from deploy.settings.scalars import choice, filled, integer, soft, wrong
from deploy.settings.specs import Strategy

# Part of unit names, of paths below /var/lib and of Prometheus labels: nothing that any of them would have to escape.
LONGEST_NAME: Final = 42
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
_NAME_FORM: Final = f"a name is made of a-z, 0-9 and - inside, at most {LONGEST_NAME} characters"
FIRST_UNPRIVILEGED_PORT: Final = 1024


def name(value: object) -> str:
    """The name of a host, of an instance or of a role."""
    found = filled(value)
    if _NAME.fullmatch(found):
        return found
    better = re.sub(r"[^a-z0-9]+", "-", found.lower())[:LONGEST_NAME].strip("-")
    return wrong(_NAME_FORM, f"for example {better}" if better else "")


def user(value: object) -> str:
    """The name of an account on a host."""
    found = filled(value)
    return found if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", found) else wrong("is no name of a user")


def basic_user(value: object) -> str:
    """The name of a user of HTTP's basic authentication, in which a colon ends it."""
    found = filled(value)
    form = "has to be made of letters, digits and . _ @ -, at most 64 characters"
    return found if re.fullmatch(r"[A-Za-z0-9._@-]{1,64}", found) else wrong(form, "for example monitoring")


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


def edge_port(value: object) -> int:
    """A port of the edge."""
    return integer(value, FIRST_UNPRIVILEGED_PORT, 65535, "a port")


def version(value: object) -> str:
    """A version, as it becomes part of folder names."""
    found = filled(value)
    form = "a version is made of letters, digits and . _ + - and starts with a letter or digit, at most 40 characters"
    return found if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}", found) else wrong(form)


def sha256(value: object) -> str:
    """A SHA-256 in hex; upper case is accepted."""
    found = filled(value).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", found):
        wrong(f"a SHA-256 is 64 hex digits, and these are {len(found)} characters", "take it from: sha256sum FILE")
    return found


def strategy(value: object) -> Strategy:
    """A strategy that this version has."""
    found = choice(value, Strategy, "strategy", offered=STRATEGIES)
    if found not in STRATEGIES:
        have = ", ".join(each for each in Strategy if each in STRATEGIES)
        command = f"pulumi config set --path '{{path}}' {DEFAULT_STRATEGY}"
        wrong(f"{found} is not available in this version, which has: {have}", command)
    return found
