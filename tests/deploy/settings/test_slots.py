"""Whatever ports a fleet has: a second slot never has one that something else has on its host."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from components.inputs import rollout_inputs
from deploy.settings.errors import SettingsError
from deploy.settings.load import load

PORTS = st.sampled_from((1024, 9009, 9010, 9080, 9081, 10009, 10080, 10090, 64535, 64536, 65534, 65535))
OFFSETS = st.none() | st.sampled_from((1, 70, 71, 80, 91, 1000, 1001, 50000))
MONITORING = {"edge": (9080, 9081), "monitor": (9090, 9093, 9115)}


def config(placed, offset, roles):
    return {
        "hosts": [
            {"name": "app-1", "address": "10.99.0.11", "roles": ["threader", "edge", *roles]},
            {"name": "app-2", "address": "10.99.0.12"},
        ],
        "instances": [
            {"name": f"py-{number}", "impl": "python", "port": port, "host": host}
            for number, (port, host) in enumerate(placed)
        ],
        "release": {"version": "1.0.0", "python": "dist/p.tar.gz"},
        "rollout": {"strategy": "canary", **({"slot_offset": offset} if offset else {})},
        "secrets": {"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": "redis://10.99.0.1"},
    }


def loaded(given_config):
    return load(given_config, secret_keys=frozenset({"secrets"}), environ={}, stack="dev")


def all_ports(fleet):
    slots = rollout_inputs(fleet, {}, str)["slots"]
    for instance in fleet.instances:
        yield instance.host, instance.port
        yield instance.host, slots[instance.name]
    for host in fleet.hosts:
        yield from ((host.name, port) for role in host.roles for port in MONITORING.get(role, ()))
        if fleet.monitors:
            yield host.name, 9100


@settings(deadline=None)
@given(
    st.lists(st.tuples(PORTS, st.sampled_from(("app-1", "app-2"))), min_size=1, max_size=5),
    OFFSETS,
    st.sampled_from(((), ("monitor",))),
)
def test_no_slot_shares_its_port_and_the_offset_that_is_suggested_is_a_good_one(placed, offset, roles):
    wanted = config(placed, offset, roles)
    try:
        fleet = loaded(wanted)
    except SettingsError as error:
        if {finding.path for finding in error.findings} != {"alert-threader:rollout.slot_offset"}:
            return
        command = re.fullmatch(r"pulumi config set --path '[^']*' (\d+)", error.findings[0].suggestion)
        fleet = loaded(config(placed, int(command[1]), roles))
    taken = list(all_ports(fleet))
    assert len(taken) == len(set(taken))
    assert max(port for _, port in taken) <= 65535
