"""What each edge is given: its servers, and where it listens and reaches them."""

import re
from dataclasses import replace

import pytest

from components.edges import edge_hosts, edge_inputs
from components.inputs import generation
from deploy.manifest.edge import CONFIG_PATH
from deploy.settings.specs import EdgeSpec, HealthSpec, HostSpec, RolloutSpec, Strategy
from tests.components.fleets import DIGESTS, instance, spec

BOTH = ("threader", "edge")
HOSTS = (
    HostSpec("app-1", "10.99.0.11", roles=BOTH),
    HostSpec("app-2", "10.99.0.12"),
    HostSpec("app-3", "10.99.0.13", lost=True),
    HostSpec("lb", "lb.example.com", roles=("edge",)),
)
FLEET = spec(
    hosts=HOSTS,
    instances=(
        instance("py-a", 9009, "app-1"),
        instance("py-b", 9010, "app-2", BIND_HOST="10.1.1.2"),
        instance("py-c", 9009, "app-3"),
    ),
    edge=EdgeSpec(port=8000, metrics_port=8001),
    health=HealthSpec(ready="/ready-now"),
)


def config(host, fleet=FLEET):
    return edge_inputs(host, fleet)["files"][CONFIG_PATH]


def servers(host, fleet=FLEET):
    return dict(re.findall(r"^    server (\S+) (\S+) disabled$", config(host, fleet), re.MULTILINE))


def test_every_instance_that_is_not_on_a_lost_host_is_a_server_where_it_is_reached():
    assert servers(HOSTS[0]) == {"py-a.app-1.9009": "127.0.0.1:9009", "py-b.app-2.9010": "10.1.1.2:9010"}
    assert servers(HOSTS[3]) == {"py-a.app-1.9009": "10.99.0.11:9009", "py-b.app-2.9010": "10.1.1.2:9010"}


@pytest.mark.parametrize("strategy", ["canary", "blue-green"])
def test_behind_each_instance_is_its_second_slot_where_the_strategy_uses_them(strategy):
    slotted = replace(FLEET, rollout=RolloutSpec(strategy=Strategy(strategy), slot_offset=500))
    assert servers(HOSTS[0], slotted) == {
        **servers(HOSTS[0]),
        "py-a--prev.app-1.9509": "127.0.0.1:9509",
        "py-b--prev.app-2.9510": "10.1.1.2:9510",
    }


def test_a_rolling_deploy_for_once_takes_no_slot_from_the_edges():
    once = replace(FLEET, rollout=RolloutSpec(strategy=Strategy.ROLLING, standing=Strategy.CANARY))
    assert len(servers(HOSTS[0], once)) == 4


def test_ports_and_the_path_of_readiness_are_those_of_the_settings():
    assert re.findall(r"bind (\S+)", config(HOSTS[0])) == [
        "127.0.0.1:8000",
        "10.99.0.11:8000",
        "127.0.0.1:8001",
        "10.99.0.11:8001",
    ]
    assert re.findall(r"bind (\S+)", config(HOSTS[3])) == ["*:8000", "*:8001"]
    assert "uri /ready-now ver" in config(HOSTS[0])


def test_a_lost_edge_stays_in_the_program_so_that_it_is_forgotten_in_peace():
    lost = HostSpec("app-3", "10.99.0.13", roles=BOTH, lost=True)
    assert edge_hosts(spec(hosts=(HOSTS[0], lost))) == (HOSTS[0], lost)
    assert edge_inputs(lost, FLEET)["lost"] is True


def test_instances_listen_where_edges_on_other_hosts_reach_them_unless_told_otherwise():
    assert [generation(each, FLEET, DIGESTS).env.get("BIND_HOST") for each in FLEET.instances[:2]] == [
        "0.0.0.0",
        "10.1.1.2",
    ]


def test_an_instance_that_only_the_edge_of_its_own_host_reaches_stays_on_loopback():
    alone = spec(hosts=HOSTS[:1], instances=FLEET.instances[:1])
    assert "BIND_HOST" not in generation(alone.instances[0], alone, DIGESTS).env
    assert servers(HOSTS[0], alone) == {"py-a.app-1.9009": "127.0.0.1:9009"}
