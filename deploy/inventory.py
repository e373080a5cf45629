"""The fleet as an inventory of the plain `pyinfra` command: `pyinfra deploy/inventory.py deploy/ops/diagnose.py`.

The hosts are those of the stack's last deploy, apart from lost ones; the stack is PULUMI_STACK, else the selected one,
else the only one. A group for each role. Host data: `instances` (names), `servers` (what an edge calls each of them),
and how to connect; unknown and changed host keys are refused.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # `pyinfra` knows nothing of the folder that this lies in

import os

from deploy.cli.errors import said
from deploy.cli.fleet import Fleet, fleet
from deploy.cli.stack import stack
from deploy.errors import ForPeople
from deploy.manifest.paths import server_name

Member = tuple[str, dict[str, Any]]


def members(deployed: Fleet) -> dict[str, Member]:
    """Each host that is not lost, as pyinfra takes it: its name and its data."""
    return {name: (name, _data(name, deployed)) for name in deployed.connections if name not in deployed.lost}


def groups(deployed: Fleet) -> dict[str, list[Member]]:
    """The hosts of each role, and `all` of them; a role's name gets _ for - as pyinfra's own groups have."""
    hosts = members(deployed)
    roles = {role for name in hosts for role in deployed.roles[name]}
    by_role = {
        role.replace("-", "_"): [hosts[name] for name in hosts if role in deployed.roles[name]] for role in roles
    }
    return {**by_role, "all": list(hosts.values())}


def _data(name: str, deployed: Fleet) -> dict[str, Any]:
    connection = deployed.connections[name]
    here = [instance for instance in deployed.instances.values() if instance.host == name]
    data = {
        "ssh_hostname": connection["address"],
        "instances": [instance.name for instance in here],
        "servers": {instance.name: server_name(instance.name, name, instance.port) for instance in here},
        "ssh_user": connection["user"],
        "ssh_port": int(connection["port"]) if int(connection["port"]) != 22 else None,
        "ssh_key": _path(connection["key"]),
        "ssh_known_hosts_file": _path(connection["known_hosts"]),
        "ssh_strict_host_key_checking": "yes",
        "_sudo": connection["user"] != "root",
    }
    return {key: value for key, value in data.items() if value is not None}


def _path(text: str | None) -> str | None:
    return str(Path(text).expanduser()) if text else None


def _load() -> dict[str, list[Member]]:
    try:
        return groups(fleet(stack(os.environ.get("PULUMI_STACK"))))
    except ForPeople as error:
        sys.exit(said(error))


if __name__ != "deploy.inventory":  # as pyinfra runs it
    globals().update(_load())
