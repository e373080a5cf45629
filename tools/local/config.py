"""The config of a stack on a local fleet."""

from collections.abc import Iterable, Mapping
from typing import Any

from tools.fleet.host import HostInfo

PORT = 9009


def host_settings(hosts: Iterable[HostInfo]) -> list[dict[str, Any]]:
    """The hosts as settings."""
    return [
        {"name": host.name, "address": host.address, "key": str(host.key), "known_hosts": str(host.known_hosts)}
        for host in hosts
    ]


def instance_settings(hosts: Iterable[HostInfo]) -> list[dict[str, Any]]:
    """A Python threader on each host: py-a, py-b, …"""
    return [
        {
            "name": (name := f"py-{chr(ord('a') + number)}"),
            "impl": "python",
            "port": PORT,
            "env_file": f"/etc/alert-threader.d/{name}.env",
            "host": host.name,
        }
        for number, host in enumerate(hosts)
    ]


def settings(hosts: Iterable[HostInfo], *, artifact: str, version: str, slack: str, **more: Any) -> Mapping[str, Any]:
    """Stack config for threaders on `hosts`, which post to the Slack stand-in at `slack`; `more` is put over it."""
    known = tuple(hosts)
    return {
        "hosts": host_settings(known),
        "instances": instance_settings(known),
        "release": {"version": version, "python": artifact},
        "env": {"ENVIRONMENT": "dev", "BIND_HOST": "0.0.0.0", "SLACK_API_URL": f"{slack}/api"},  # noqa: S104
        **more,
    }
