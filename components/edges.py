"""The inputs of the Edges: which servers each has, and where it reaches them. Pure."""

from collections.abc import Iterator

from components.inputs import Inputs, connection
from deploy.manifest.edge import Server, configuration, edge_manifest, listening, reached_at
from deploy.manifest.edge_state import LOADED
from deploy.manifest.paths import server_name, slot_name
from deploy.settings.specs import EDGE_ROLE, FleetSpec, HostSpec


def edge_hosts(fleet: FleetSpec) -> tuple[HostSpec, ...]:
    """The hosts with an Edge, also lost ones: those are kept in the program, so that they are forgotten in peace."""
    return tuple(host for host in fleet.hosts if EDGE_ROLE in host.roles)


def edge_inputs(host: HostSpec, fleet: FleetSpec) -> Inputs:
    """The inputs of the Edge on a host."""
    config = configuration(
        servers(host, fleet),
        addresses=listening(fleet.edge.bind, host.address),
        port=fleet.edge.port,
        metrics_port=fleet.edge.metrics_port,
        ready=fleet.health.ready,
    )
    return {
        "connection": connection(host),
        "lost": host.lost,
        "unreachable": str(fleet.rollout.unreachable),
        "loaded": LOADED,
        **edge_manifest(config).sections(),
    }


def servers(edge: HostSpec, fleet: FleetSpec) -> Iterator[Server]:
    """The instances as servers of an edge, with their second slots where those are used, apart from lost hosts."""
    for instance in fleet.instances:
        host = fleet.host(instance.host)
        if not host.lost:
            bind = fleet.env_of(instance).get("BIND_HOST", "").strip()
            address = reached_at(bind, host.name, edge=edge.name, address=host.address)
            slot = instance.port + fleet.rollout.slot_offset
            yield Server(server_name(instance.name, host.name, instance.port), address, instance.port)
            if fleet.rollout.slotted:
                yield Server(server_name(slot_name(instance.name), host.name, slot), address, slot)
