from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tools.fleet.errors import FleetError
from tools.fleet.subnet import choose, parse

FIRST, SECOND, OTHER = (IPv4Network(f"10.88.{n}.0/24") for n in (0, 1, 9))
ELSEWHERE = {FIRST: Path("/elsewhere")}


def test_the_first_free_subnet_is_taken():
    assert choose(None, None, {}, ()) == FIRST
    assert choose(None, None, ELSEWHERE, ()) == SECOND


def test_a_network_that_the_machine_knows_is_never_taken():
    assert choose(None, None, {}, (IPv4Network("10.88.0.128/25"),)) == SECOND


def test_a_fleet_keeps_the_subnet_it_had():
    assert choose(None, OTHER, ELSEWHERE, ()) == OTHER


def test_a_fleet_whose_subnet_was_taken_in_between_gets_another():
    assert choose(None, FIRST, ELSEWHERE, ()) == SECOND


def test_an_explicit_subnet_wins_over_the_one_of_last_time():
    assert choose(OTHER, FIRST, {}, ()) == OTHER


def test_an_explicit_subnet_of_another_fleet_is_refused_and_its_folder_named():
    with pytest.raises(FleetError, match=r"10\.88\.0\.0/24 belongs to the fleet in /elsewhere"):
        choose(FIRST, None, ELSEWHERE, ())


def test_an_explicit_subnet_that_overlaps_a_route_is_refused():
    with pytest.raises(FleetError, match="in use on this machine"):
        choose(FIRST, None, {}, (IPv4Network("10.0.0.0/8"),))


def test_when_everything_is_taken_the_error_says_what_to_do():
    with pytest.raises(FleetError, match="--subnet"):
        choose(None, None, {}, (IPv4Network("10.88.0.0/16"),))


@pytest.mark.parametrize("text", ["10.88.0.1/24", "10.88.0.0/30", "10.0.0.0/8", "fd00::/64", "app"])
def test_texts_that_are_no_usable_subnet_are_refused(text):
    with pytest.raises(FleetError, match="next: use one like"):
        parse(text)
