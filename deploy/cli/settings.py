"""The settings of a stack as the command line reads them: what the next deploy will want."""

import os
from collections.abc import Mapping
from typing import Any

from deploy.cli import pulumi
from deploy.hosts.client import Connection
from deploy.settings.errors import NAMESPACE
from deploy.settings.load import load
from deploy.settings.specs import FleetSpec, HostSpec


def settings(stack: str) -> FleetSpec:
    """The stack's settings, as the program will read them; decrypting them proves the passphrase.

    Raises SettingsError with every mistake in them, CliError where Pulumi can not read them.
    """
    config: Mapping[str, Any] = pulumi.ask_json("config", "--stack", stack, "--show-secrets")
    prefix = f"{NAMESPACE}:"
    ours = {key.removeprefix(prefix): entry for key, entry in config.items() if key.startswith(prefix)}
    values = {key: entry.get("objectValue", entry.get("value")) for key, entry in ours.items()}
    secret = frozenset(key for key, entry in ours.items() if entry["secret"])
    return load(values, secret_keys=secret, environ=os.environ, stack=stack)


def connections(spec: FleetSpec) -> dict[str, Connection]:
    """How to reach the hosts of the settings, apart from lost ones."""
    return {host.name: connection(host) for host in spec.hosts if not host.lost}


def connection(host: HostSpec) -> Connection:
    """How a host of the settings is reached."""
    names = ("address", "user", "port", "key", "known_hosts")
    return {"host": host.name, **{name: getattr(host, name) for name in names}}
