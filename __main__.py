"""The fleet of one stack: its settings become specs, specs become resources, resources become a fleet."""

import pulumi

from components.configuration import fleet_spec, release_digests
from components.fleet import Fleet
from components.hooks import need_plugin
from components.report import addresses, edges, inventory, monitoring, say, settled

spec = fleet_spec()
say(spec)
need_plugin(spec.hooks)
fleet = Fleet("fleet", spec, release_digests(spec))

pulumi.export("instances", settled(fleet.instances))
pulumi.export("rollout", settled(fleet.rollout))
pulumi.export("addresses", addresses(spec))
pulumi.export("edges", edges(spec))
pulumi.export("monitoring", monitoring(spec))
pulumi.export("inventory", inventory(spec))
