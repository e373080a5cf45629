from ipaddress import IPv4Network

import pytest

from tools.fleet import claims, network


@pytest.fixture(autouse=True)
def no_routes(monkeypatch):
    monkeypatch.setattr(network, "foreign_routes", lambda identity: ())


def folder(tmp_path, name):
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_two_fleets_never_get_the_same_subnet(tmp_path):
    one = claims.claim(folder(tmp_path, "one"), None, print, tmp_path)
    two = claims.claim(folder(tmp_path, "two"), None, print, tmp_path)
    assert (str(one.subnet), str(two.subnet)) == ("10.88.0.0/24", "10.88.1.0/24")


def test_the_same_fleet_gets_the_same_subnet_again(tmp_path):
    state = folder(tmp_path, "one")
    assert claims.claim(state, None, print, tmp_path) == claims.claim(state, None, print, tmp_path)


def test_the_claim_of_a_deleted_checkout_is_free_again(tmp_path):
    state = folder(tmp_path, "one")
    claims.claim(state, None, print, tmp_path)
    (state / "fleet.json").unlink()
    again = claims.claim(folder(tmp_path, "two"), None, print, tmp_path)
    assert again.subnet == IPv4Network("10.88.0.0/24")
