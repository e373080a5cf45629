from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tools.fleet import names
from tools.fleet.errors import FleetError

SUBNET = IPv4Network("10.88.3.0/24")


def test_two_state_folders_have_different_identities():
    assert names.identity(Path("/a")) != names.identity(Path("/b"))


def test_link_names_fit_the_kernels_fifteen_characters():
    identity = names.identity(Path("/a"))
    assert len(names.bridge(identity)) <= 15
    assert len(names.link(identity, names.MAX_HOSTS)) <= 15


def test_mac_addresses_are_local_unicast_and_differ():
    macs = {names.mac("0123abcd", number) for number in range(names.MAX_HOSTS)}
    assert len(macs) == names.MAX_HOSTS
    assert all(mac.startswith("02:") and len(mac) == 17 for mac in macs)


def test_the_first_host_has_address_eleven_and_the_machine_one():
    assert str(names.address(SUBNET, 1)) == "10.88.3.11"
    assert str(names.gateway(SUBNET)) == "10.88.3.1"


def test_a_host_may_be_named_by_its_number():
    assert names.number("app-12") == names.number("12") == 12


@pytest.mark.parametrize("name", ["", "0", "app-0", "app-", "web-1", "app-201", "app-1 ", "../app-1"])
def test_other_names_of_hosts_are_refused(name):
    with pytest.raises(FleetError, match="not the name of a host"):
        names.number(name)


@pytest.mark.parametrize("name", ["", "../x", "Dev", "a b", "-a"])
def test_names_of_fleets_that_cannot_be_folders_are_refused(name):
    with pytest.raises(FleetError, match="fleet name"):
        names.fleet(name)


def test_capacity_never_reaches_the_broadcast_address():
    small = IPv4Network("10.88.3.0/28")
    assert names.address(small, names.capacity(small)) < small.broadcast_address
    assert names.capacity(SUBNET) == names.MAX_HOSTS
