"""The instances: each in its form, on its hosts, with its env file and its own variables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from deploy.settings import read, shape, variables
from deploy.settings.hosts import HostRow
from deploy.settings.placement import Place, check_places, places
from deploy.settings.report import Report
from deploy.settings.scalars import soft, text
from deploy.settings.specs import InstanceSpec

ENV_DIRECTORY: Final = "/etc/alert-threader.d"


def instances(
    items: Sequence[object], hosts: Sequence[HostRow], report: Report
) -> tuple[list[InstanceSpec], list[Place]]:
    """The instances that are as they should be, one for each host that an item means; and the places of all."""
    forms = [read.form(shape.Instance, raw, ("instances", index), report) for index, raw in enumerate(items)]
    rows: list[Mapping[object, object]] = [raw if isinstance(raw, Mapping) else {} for raw in items]
    own = [variables.plain(row.get("env"), ("instances", index, "env"), report) for index, row in enumerate(rows)]
    for index, row in enumerate(rows):
        _check_env_file(index, row, report)
    found = [replace(place, env=own[place.index]) for place in places(items, hosts, report)]
    check_places(found, report)
    specs = [_spec(place, forms[place.index]) for place in found]
    return [spec for spec in specs if spec is not None], found


def env_file(name: str) -> str:
    """The env file of an instance, as the operator knows it."""
    return f"{ENV_DIRECTORY}/{name}.env"


def _spec(place: Place, form: shape.Instance | None) -> InstanceSpec | None:
    if form is None or place.host is None:
        return None
    env = MappingProxyType(dict(place.env))
    return InstanceSpec(place.name, form.impl, form.port, place.host, env_file(place.name), env)


def _check_env_file(index: int, row: Mapping[object, object], report: Report) -> None:
    given, name = soft(text, row.get("env_file")), soft(text, row.get("name"))
    if given is None or name is None or (given == env_file(name) and row.get("role") is None):
        return
    path = ("instances", index, "env_file")
    drop = "leave it out: pulumi config rm --path '{path}'"
    if row.get("role") is not None:
        report.add(path, given, "placed by a role, it has an env file on each host, of a name of its own", drop)
    elif given.rpartition("/")[0] != ENV_DIRECTORY:
        report.add(path, given, f"env files lie in {ENV_DIRECTORY}, nowhere else", f"{env_file(name)}, or {drop}")
    else:
        report.add(path, given, "an env file is named after its instance", f"{env_file(name)}, or {drop}")
