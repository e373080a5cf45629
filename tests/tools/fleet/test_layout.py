from pathlib import Path

from tools.fleet.base import cache_folder
from tools.fleet.layout import CHECKOUT, Layout, Sizes, fleet_name, sizes, state_folder


def test_the_name_is_dev_unless_the_environment_says_otherwise():
    assert fleet_name({}) == fleet_name({"THREADER_FLEET": ""}) == "dev"
    assert fleet_name({"THREADER_FLEET": "test"}) == "test"


def test_the_state_is_in_the_checkout_unless_the_environment_says_otherwise():
    assert state_folder("dev", {}) == CHECKOUT / ".state/fleet/dev"
    assert state_folder("dev", {"THREADER_FLEET_STATE": "/x"}) == Path("/x")


def test_sizes_come_from_the_environment():
    assert sizes({}) == Sizes(1024, 2048, 3142)
    assert sizes({"THREADER_FLEET_VAR_MB": "64", "THREADER_FLEET_APT_PORT": "3999"}) == Sizes(64, 2048, 3999)


def test_the_cache_is_shared_between_checkouts():
    assert cache_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/alert-threader")
    assert cache_folder({"XDG_CACHE_HOME": "relative"}) == Path("~/.cache/alert-threader").expanduser()


def test_hosts_are_listed_in_order_of_their_numbers(tmp_path):
    for number in (10, 9, 1):
        (tmp_path / f"hosts/app-{number}").mkdir(parents=True)
    assert Layout(tmp_path).numbers() == (1, 9, 10)


def test_a_host_without_a_pid_file_has_no_pid(tmp_path):
    assert Layout(tmp_path).pid(1) is None
