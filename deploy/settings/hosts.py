"""The hosts: each in its form, and what two of them must not share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from deploy.settings import addresses, read, shape, words
from deploy.settings.report import Report, near
from deploy.settings.scalars import filled, flag, soft
from deploy.settings.specs import EDGE_ROLE, MONITOR_ROLE, HostSpec

_DEFAULT: Final = HostSpec("", "")
ROLES: Final = _DEFAULT.roles
"""The roles of a host that names none."""
NEARLY: Final = 0.85
"""Likeness (difflib) from which a role is one of the usual ones mistyped."""


@dataclass(frozen=True, slots=True)
class HostRow:
    """What is known of an item of `hosts`, also when something else in it is wrong."""

    name: str | None
    roles: tuple[str, ...]
    address: tuple[str, int] | None
    lost: bool

    @staticmethod
    def of(raw: object) -> "HostRow":
        """The row of an item as written."""
        keys = raw if isinstance(raw, Mapping) else {}
        address = soft(addresses.address, keys.get("address"))
        port = _DEFAULT.port if keys.get("port") is None else soft(words.ssh_port, keys["port"])
        given = keys.get("roles")
        roles = map(partial(soft, filled), given) if isinstance(given, list | tuple) else ROLES
        return HostRow(
            name=soft(filled, keys.get("name")),
            roles=tuple(role for role in roles if role is not None),
            address=(address.lower(), port) if address and port else None,
            lost=soft(flag, keys.get("lost")) is True,
        )


def hosts(items: Sequence[object], report: Report) -> list[HostSpec]:
    """The hosts that are as they should be; the report has the others."""
    forms = [read.form(shape.Host, raw, ("hosts", index), report) for index, raw in enumerate(items)]
    return [HostSpec(**form.model_dump()) for form in forms if form is not None]


def rows(items: Sequence[object]) -> list[HostRow]:
    """What is known of every host."""
    return [HostRow.of(raw) for raw in items]


def check_hosts(section: object, rows: Sequence[HostRow], report: Report) -> None:
    """There is a host; two share neither name nor address; no role is one letter away from a usual one."""
    if section == []:
        report.add(("hosts",), section, "has no host", "a fleet that is no more: pulumi destroy")
    _unique([(i, row.name) for i, row in enumerate(rows)], "name", report)
    _unique([(i, row.address) for i, row in enumerate(rows)], "address", report)
    for index, row in enumerate(rows):
        for number, role in enumerate(row.roles):
            usual = near(role, (*ROLES, EDGE_ROLE, MONITOR_ROLE), NEARLY)
            if usual not in (None, role):
                path = ("hosts", index, "roles", number)
                report.add(path, role, "a role that is nearly a usual one", f"did you mean {usual}?")


def _unique(values: Sequence[tuple[int, object]], key: str, report: Report) -> None:
    first: dict[object, int] = {}
    for index, value in values:
        other = index if value is None else first.setdefault(value, index)
        if other != index:
            shown = value[0] if isinstance(value, tuple) else value
            report.add(("hosts", index, key), shown, f"hosts[{other}] has this {key}, too")
