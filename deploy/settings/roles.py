"""Sections that are about hosts with a role, and what gives a host one."""

from collections.abc import Mapping, Sequence

from deploy.settings.hosts import NEARLY, ROLES, HostRow
from deploy.settings.masking import setting
from deploy.settings.report import Report, near


def having(role: str, rows: Sequence[HostRow]) -> list[str]:
    """The names of the hosts with a role, apart from lost ones."""
    return [row.name for row in rows if row.name is not None and role in row.roles and not row.lost]


def check_role(
    name: str, role: str, section: object, items: Sequence[object], rows: Sequence[HostRow], report: Report
) -> None:
    """Who says how the section `name` is to be has a host with its role; one mistyped is told elsewhere."""
    roles = [each for row in rows for each in row.roles]
    if section is None or not rows or any(near(each, [role], NEARLY) for each in roles):
        return
    report.add((name,), section, f"no host has the role {role}, so there would be none", add_role(role, items, rows))


def add_role(role: str, items: Sequence[object], rows: Sequence[HostRow]) -> str:
    """The commands that give the first host that is there a role; where it names none, also the one it has so far."""
    index = next((number for number, row in enumerate(rows) if not row.lost), 0)
    host = items[index]
    roles = host.get("roles") if isinstance(host, Mapping) else None
    have = len(roles) if isinstance(roles, list | tuple) else 0
    wanted = [role] if have else [*ROLES, role]
    return " && ".join(
        f"pulumi config set --path '{setting(('hosts', index, 'roles', number))}' {each}"
        for number, each in enumerate(wanted, start=have)
    )
