"""Where instances were, by the names that hosts have now. Pure."""

from collections.abc import Mapping
from typing import Any

from deploy.provider.resources.base import machine


def renamed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """The old placement with the names that its hosts have now: a machine that is called otherwise is the same."""
    now = {machine(connection): host for host, connection in new["hosts"].items()}
    names = {host: now.get(machine(connection), host) for host, connection in old["hosts"].items()}
    return {name: host if host in new["hosts"] else names.get(host, host) for name, host in old["placement"].items()}
