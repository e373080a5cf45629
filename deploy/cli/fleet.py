"""The fleet of a stack as its outputs tell it: hosts with how to reach them, instances with where they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.cli import pulumi
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.hosts.client import Connection
from deploy.manifest.running import generation_of
from deploy.settings.report import near


@dataclass(frozen=True)
class Instance:
    """A threader: where it is, and the generation that the last deploy gave it, if known."""

    name: str
    impl: str
    host: str
    port: int
    generation: str | None


@dataclass(frozen=True)
class Fleet:
    """What the last deploy of a stack left behind."""

    stack: str
    connections: Mapping[str, Connection]
    lost: frozenset[str]
    roles: Mapping[str, tuple[str, ...]]
    instances: Mapping[str, Instance]

    def instance(self, name: str) -> Instance:
        """The instance of that name; raises CliError."""
        if name not in self.instances:
            close = near(name, self.instances)
            hint = f"did you mean {close}?" if close else f"there are: {', '.join(self.instances)}"
            raise CliError(f"stack {self.stack} has no instance {name}; {hint}", "threader status", Code.USAGE)
        return self.instances[name]

    def contacted(self, instances: Iterable[Instance]) -> dict[str, Connection]:
        """How to reach the hosts of `instances`, apart from lost ones."""
        names = {each.host for each in instances} - self.lost
        return {host: connection for host, connection in self.connections.items() if host in names}


def fleet(stack: str) -> Fleet:
    """The fleet of a stack; raises CliError when nothing was deployed yet."""
    return of_outputs(stack, pulumi.ask_json("stack", "output", "--stack", stack))


def of_outputs(stack: str, outputs: Mapping[str, Any]) -> Fleet:
    """The same, of given stack outputs."""
    inventory = outputs.get("inventory")
    if not isinstance(inventory, dict):
        raise CliError(f"nothing of stack {stack} is deployed", f"threader deploy --stack {stack}")
    generations = outputs.get("instances")
    hosts = inventory["hosts"]
    return Fleet(
        stack=stack,
        connections={name: _connection(entry) for name, entry in hosts.items()},
        lost=frozenset(name for name, entry in hosts.items() if entry["lost"]),
        roles={name: tuple(entry["roles"]) for name, entry in hosts.items()},
        instances={
            name: Instance(name, entry["impl"], entry["host"], int(entry["port"]), _generation(generations, name))
            for name, entry in inventory["instances"].items()
        },
    )


def _connection(entry: Mapping[str, Any]) -> Connection:
    return {key: entry.get(key) for key in ("host", "address", "user", "port", "key", "known_hosts")}


def _generation(generations: object, name: str) -> str | None:
    phrase = generations.get(name) if isinstance(generations, dict) else None
    return generation_of(phrase) if isinstance(phrase, str) else None
