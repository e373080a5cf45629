"""HAProxy's configuration as it is on a host, word for word; where an edge listens, and whom it reaches."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.manifest.edge import (
    CONFIG_PATH,
    Server,
    configuration,
    default_bind,
    edge_manifest,
    helper_source,
    listening,
    reached_at,
)
from deploy.manifest.paths import EDGE_HELPER, EDGE_UNIT

GOLDEN = Path(__file__).parent / "golden"
SERVERS = (
    Server("py-b.app-2.9010", "fd00::12", 9010),
    Server("py-a.app-1.9009", "127.0.0.1", 9009),
    Server("go-a.app-3.9011", "app-3.example.com", 9011),
)
ASKED = {"addresses": ("127.0.0.1", "10.99.0.11"), "port": 9080, "metrics_port": 9081, "ready": "/ready"}


def test_the_configuration_is_word_for_word_what_was_last_looked_at():
    """When the change is meant: read the difference, then copy the text into the golden file."""
    assert configuration(SERVERS, **ASKED) == (GOLDEN / "haproxy.cfg").read_text()


names = st.from_regex(r"[a-z][a-z0-9-]{0,8}\.[a-z]{1,5}\.[1-9][0-9]{1,3}", fullmatch=True)
lists = st.lists(st.builds(Server, names, st.sampled_from(["10.1.1.1", "fd00::1", "a.example"]), st.integers(1, 65535)))


@given(lists.map(lambda found: list({each.name: each for each in found}.values())), st.randoms())
def test_every_server_begins_disabled_and_the_order_in_the_settings_changes_nothing(servers, random):
    text = configuration(servers, **ASKED)
    lines = [line for line in text.splitlines() if line.startswith("    server ")]
    assert sorted(line.split()[1] for line in lines) == sorted(server.name for server in servers)
    assert all(line.endswith(" disabled") for line in lines)
    assert text.endswith("".join(f"{line}\n" for line in lines))
    random.shuffle(servers)
    assert configuration(servers, **ASKED) == text


def test_nothing_but_what_is_safe_is_sent_twice():
    lines = configuration(SERVERS, **ASKED).splitlines()
    assert "    http-request disable-l7-retry unless METH_GET" in lines
    assert "    http-reuse never" in lines


@pytest.mark.parametrize(
    ("bind", "address", "addresses"),
    [
        (None, "10.99.0.11", ("127.0.0.1", "10.99.0.11")),
        (None, "fd00::11", ("127.0.0.1", "fd00::11")),
        (None, "127.0.0.1", ("127.0.0.1",)),
        (None, "app-1.example.com", ("*",)),
        ("10.1.1.1", "10.99.0.11", ("10.1.1.1",)),
        ("::", "10.99.0.11", ("::",)),
    ],
)
def test_an_edge_listens_where_it_is_told_else_on_loopback_and_the_address_of_its_host(bind, address, addresses):
    assert listening(bind, address) == addresses


def test_an_address_of_version_6_is_in_brackets():
    text = configuration(SERVERS, **{**ASKED, "addresses": ("::1",)})
    assert re.findall(r"bind (\S+)", text) == ["[::1]:9080", "[::1]:9081"]
    assert "server py-b.app-2.9010 [fd00::12]:9010 disabled" in text


@pytest.mark.parametrize(
    ("bind", "host", "address"),
    [
        ("", "app-1", "127.0.0.1"),
        ("0.0.0.0", "app-1", "127.0.0.1"),
        ("::", "app-1", "127.0.0.1"),
        ("10.1.1.1", "app-1", "10.1.1.1"),
        ("localhost", "app-1", "localhost"),
        ("0.0.0.0", "app-2", "app-2.example.com"),
        ("", "app-2", "app-2.example.com"),
        ("10.1.1.2", "app-2", "10.1.1.2"),
    ],
)
def test_an_instance_is_reached_where_it_listens(bind, host, address):
    assert reached_at(bind, host, edge="app-1", address=f"{host}.example.com") == address


@pytest.mark.parametrize(
    ("edges", "bind"),
    [((), None), (("app-1",), None), (("app-2",), "0.0.0.0"), (("app-1", "app-2"), "0.0.0.0")],
)
def test_an_instance_listens_beyond_loopback_only_where_an_edge_is_on_another_host(edges, bind):
    assert default_bind("app-1", edges) == bind


def test_a_host_gets_package_configuration_helper_and_a_unit_that_runs():
    manifest = edge_manifest("some text\n")
    assert manifest.packages == {"haproxy": "installed"}
    assert manifest.files[CONFIG_PATH] == "some text\n"
    assert manifest.files[EDGE_HELPER] == helper_source()
    assert manifest.access[EDGE_HELPER] == "root:root 0755"
    assert set(manifest.files) == set(manifest.access)
    assert manifest.units == {EDGE_UNIT: "active"}


def test_the_helper_says_how_it_is_run():
    assert helper_source().startswith("#!/usr/bin/python3\n")
