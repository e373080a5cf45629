"""What an instance is given beside its release."""

import json

import pytest

from deploy.manifest.instance import environment, instance_manifest, settings_files
from deploy.settings.specs import HealthSpec

ASKED = {
    "instance": "py-a",
    "impl": "python",
    "version": "1.2.0",
    "release": "ab" * 32,
    "port": 9009,
    "bind": "",
    "health": HealthSpec(path="/health", deadline=30.0, interval=0.5),
}


def test_the_helper_is_told_where_health_is_and_how_long_to_wait_for_it():
    assert json.loads(settings_files(**ASKED)["settings.json"]) == {
        "impl": "python",
        "version": "1.2.0",
        "release": "ab" * 32,
        "port": 9009,
        "health": "http://127.0.0.1:9009/health",
        "ready": "http://127.0.0.1:9009/ready",
        "deadline": 30.0,
        "interval": 0.5,
    }


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("10.99.0.11", "10.99.0.11"),
        ("fd00::1", "[fd00::1]"),
    ],
)
def test_health_is_asked_for_at_an_address_that_answers(bind, address):
    files = settings_files(**{**ASKED, "bind": bind})
    assert json.loads(files["settings.json"])["health"] == f"http://{address}:9009/health"


def test_the_unit_is_described_by_what_it_runs():
    assert settings_files(**ASKED)["unit.conf"] == "[Unit]\nDescription=Alert threader py-a (python)\n"


def test_equal_settings_make_equal_files():
    assert settings_files(**ASKED) == settings_files(**dict(reversed(ASKED.items())))


def test_the_operators_own_variables_win_except_over_the_port_that_the_fleet_knows_it_by():
    own = {"INSTANCE": "mine", "THREAD_STORE_FILE": "/mine", "BIND_PORT": "1", "LOG_LEVEL": "debug"}
    env = environment(own, instance="py-a", port=9009, data="/data")
    assert env == {"INSTANCE": "mine", "THREAD_STORE_FILE": "/mine", "BIND_PORT": "9009", "LOG_LEVEL": "debug"}


def test_an_instance_that_says_nothing_stores_its_threads_in_its_own_folder():
    env = environment({}, instance="py-a", port=9009, data="/data")
    assert env == {"INSTANCE": "py-a", "THREAD_STORE_FILE": "/data/threads.json", "BIND_PORT": "9009"}


def test_every_link_leads_through_current_so_that_one_rename_switches_all_of_them():
    current = "/var/lib/alert-threader/py-a/current"
    links = instance_manifest("py-a").links
    assert links["/etc/alert-threader.d/py-a.env"] == f"{current}/env"
    assert links["/etc/systemd/system/alert-threader@py-a.service.d/generation.conf"] == f"{current}/unit.conf"


def test_two_instances_share_no_path():
    assert not set(instance_manifest("a").paths) & set(instance_manifest("b").paths)
