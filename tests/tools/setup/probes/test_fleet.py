from ipaddress import IPv4Network

from tools.setup.finding import Level
from tools.setup.probes import fleet

HEADER = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"


def line(device, destination, mask, flags="0001"):
    return f"{device} {destination} 00000000 {flags} 0 0 0 {mask} 0 0 0\n"


def test_the_kernels_routing_table_is_read_as_networks():
    table = HEADER + line("eth0", "00000000", "00000000") + line("eth0", "0003A8C0", "00FFFFFF")
    assert fleet.foreign(table) == [IPv4Network("192.168.3.0/24")]


def test_fleets_own_bridges_and_their_unreachable_routes_are_not_foreign():
    table = HEADER + line("fl1234abcd", "0000580A", "00FFFFFF") + line("*", "0000580A", "00FFFFFF", "0200")
    assert fleet.foreign(table) == []


def test_a_network_that_covers_the_whole_range_is_a_stop_with_the_other_way(tmp_path):
    routes = tmp_path / "route"
    routes.write_text(HEADER + line("tun0", "0000000A", "000000FF"))
    found = fleet.addresses(routes)
    assert found.level is Level.STOP
    assert "docs/your-own-hosts.md" in found.mend


def test_a_network_in_a_part_of_the_range_is_avoided(tmp_path):
    routes = tmp_path / "route"
    routes.write_text(HEADER + line("docker0", "0000580A", "00FFFFFF"))
    assert fleet.addresses(routes).text == "10.88.1.0/24 is free"


def test_without_root_the_other_way_is_named(monkeypatch):
    monkeypatch.setattr(fleet.os, "geteuid", lambda: 1000)
    assert fleet.root().level is Level.STOP
    assert "docs/your-own-hosts.md" in fleet.root().mend


def test_what_the_kernel_refuses_is_a_stop_with_its_own_words(monkeypatch):
    monkeypatch.setattr(fleet.sys, "executable", "/bin/false")
    found = fleet.attempt("overlay")
    assert found.level is Level.STOP
    assert "modprobe overlay" in found.mend
