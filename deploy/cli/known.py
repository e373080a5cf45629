"""How the hosts of a fleet are reached: as the stack's outputs tell it, or as one of its hosts remembers it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.cli import fleet
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.stack import stack as chosen
from deploy.cli.traffic import edges_of
from deploy.errors import parted
from deploy.hosts.client import Connection
from deploy.rollout.history import Rollout

VIA_FORM = "[USER@]ADDRESS[:PORT], with an IPv6 address in brackets"


@dataclass(frozen=True)
class Known:
    """The hosts of a fleet with how to reach them, those with an edge, and those that are given up."""

    connections: Mapping[str, Connection]
    edges: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()


def of_stack(named: str | None, verb: str) -> Known:
    """As the last deploy of a stack left it; an error names the way without Pulumi, too."""
    try:
        deployed = fleet.fleet(chosen(named))
    except CliError as error:
        if error.code is Code.USAGE:
            raise
        cause, after = parted(str(error))
        other = f"or without Pulumi: threader {verb} --via [USER@]ADDRESS of any host of the fleet"
        raise CliError(cause, f"{after}; {other}", error.code) from error
    return of_outputs(deployed)


def of_outputs(deployed: fleet.Fleet) -> Known:
    """The same, of what the outputs of a stack say."""
    return Known(deployed.connections, edges_of(deployed), deployed.lost)


def of_rollout(rollout: Rollout, via: Connection) -> Known:
    """As a rollout found it, reached with the key and the known hosts of `via`."""
    files = {"key": via["key"], "known_hosts": via["known_hosts"]}
    connections = {
        host: {"host": host, "address": each["address"], "user": each["user"], "port": int(each["port"]), **files}
        for host, each in rollout.hosts.items()
    }
    return Known(connections, rollout.edges)


def via_of(text: str, key: str | None, known_hosts: str | None) -> Connection:
    """One host as --via names it; what is not said is root at port 22. Raises CliError."""
    found = re.fullmatch(r"(?:([^@\s]+)@)?(\[[0-9a-fA-F:.]+\]|[^@:\s\[\]]+)(?::([0-9]{1,5}))?", text)
    port = int(found[3] or 22) if found else 0
    if not found or not 0 < port < 65536:
        raise CliError(f"--via {text}: that is no {VIA_FORM}", "the same command with --via ADDRESS", Code.USAGE)
    address = found[2].strip("[]")
    place = {"host": address, "address": address, "user": found[1] or "root", "port": port}
    return {**place, "key": key, "known_hosts": known_hosts}
