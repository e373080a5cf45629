"""The texts of the settings that have a form of their own: names, ports, versions, digests, strategies."""

import re
from typing import Final

from deploy.analysis.conditions import parse
from deploy.manifest.paths import SLOT
from deploy.settings.scalars import filled, integer, number, soft, wrong
from deploy.settings.values import LONGEST_WORD

# Part of unit names, of paths below /var/lib and of Prometheus labels: nothing that any of them would have to escape.
LONGEST_NAME: Final = 42
SLOTS: Final = f"names that end in {SLOT} are those of second slots"
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


def instance(value: object) -> str:
    """The name of an instance, which is none of a second slot."""
    found = name(value)
    return wrong(SLOTS, f"for example {found.removesuffix(SLOT)}") if of_slot(found) else found


def of_slot(found: str) -> bool:
    """Whether an instance of this name would be taken for a second slot."""
    return found.endswith(SLOT)


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


def slot_offset(value: object) -> int:
    """How far the port of a second slot is from that of its instance."""
    return integer(value, 1, 50000)


def amount(value: object) -> int | float:
    """How many instances: a whole number; or a float, which is a percentage of them, from a text like 25 %."""
    share = re.fullmatch(r"\s*([0-9.]{1,9})\s*%\s*", value) if isinstance(value, str) else None
    if share:
        return number(share[1], 1, 100, "a percentage")
    if isinstance(value, float):
        close = min(value * 100 if value < 1 else value, 100)
        wrong("has to be a whole number of instances, or a percentage in quotes", f'for example "{close:g} %"')
    return integer(value, 1, 100, 'a number of instances, or a percentage like "25 %",')


def weight(value: object) -> float:
    """The share of a step of a canary."""
    return number(value, 1, 99, "a percentage")


def condition(value: object) -> str:
    """A condition of a gate on a measured value, in its shortest form."""
    found = filled(value)
    try:
        return str(parse(found))
    except ValueError:
        return wrong("is no condition on a number", 'for example "< 0.01"; one of: < <= > >= == !=')


def decision(value: object) -> str:
    """What a person decides of a rollout that is held."""
    found = filled(value)
    form = "has to be ROLLOUT:promote, ROLLOUT:abort or ROLLOUT:retry"
    return found if re.fullmatch(r"r[0-9]{1,9}:(promote|abort|retry)", found) else wrong(form, "for example r7:promote")


def channel(value: object) -> str:
    """A channel of Slack, by its id or its name."""
    found = filled(value).strip()
    good = len(found) <= LONGEST_WORD and not re.search(r"\s", found)
    return found if good else wrong("has to be the id or the name of a channel of Slack")
