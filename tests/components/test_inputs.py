"""Specs to inputs: pure, and every secret goes through the hands of whoever marks it."""

import json

from components.inputs import connection, generation, health_inputs, host_inputs, instance_inputs, rollout_inputs
from deploy.settings.specs import HealthSpec, RolloutSpec, Strategy
from tests.components.fleets import DIGESTS, PASSWORD, SECRETS, TOKEN, instance, spec

FLEET = spec()
PY_A = FLEET.instances[0]
MADE = generation(PY_A, FLEET, DIGESTS)


def hidden(value):
    return f"hidden {len(value)}"


def made_inputs(each=PY_A, fleet=FLEET):
    return instance_inputs(each, fleet, generation(each, fleet, DIGESTS), "1.2.0-x", hidden)


def test_a_host_is_reached_as_its_spec_says():
    assert connection(FLEET.hosts[1]) == {
        "host": "app-2",
        "address": "10.99.0.12",
        "user": "deploy",
        "port": 2222,
        "key": None,
        "known_hosts": None,
    }


def test_a_lost_host_is_said_to_be_lost_to_everything_on_it():
    assert host_inputs(FLEET.hosts[1], FLEET, hidden)["lost"] is True
    assert made_inputs(FLEET.instances[1])["lost"] is True
    assert rollout_inputs(FLEET, {})["lost"] == ["app-2"]


def test_variables_of_the_instance_win_over_those_of_the_fleet():
    assert MADE.env == {
        "INSTANCE": "py-a",
        "THREAD_STORE_FILE": "/var/lib/alert-threader/py-a/data/threads.json",
        "SLACK_CHANNEL": "#alerts",
        "LOG_LEVEL": "debug",
        "BIND_PORT": "9009",
    }
    assert MADE.secrets == {"SLACK_BOT_TOKEN": TOKEN, "REDIS_URL": PASSWORD}


def test_a_secret_that_an_instance_overrides_is_not_its_secret():
    each = instance("py-c", 9011, "app-1", REDIS_URL="redis://localhost")
    made = generation(each, spec(instances=(each,)), DIGESTS)
    assert made.env["REDIS_URL"] == "redis://localhost"
    assert "REDIS_URL" not in made.secrets


def test_every_secret_is_marked_and_appears_nowhere_else():
    inputs = made_inputs()
    assert inputs["env"]["SLACK_BOT_TOKEN"] == hidden(TOKEN)
    assert inputs["env"]["REDIS_URL"] == hidden(PASSWORD)
    assert not any(secret in json.dumps(inputs) for secret in SECRETS)


def test_inputs_are_plain_data():
    host, rollout = host_inputs(FLEET.hosts[0], FLEET, hidden), rollout_inputs(FLEET, {"py-a": "1.2.0-x"})
    for inputs in (made_inputs(), host, rollout, health_inputs(PY_A, FLEET)):
        assert json.loads(json.dumps(inputs)) == inputs


def test_a_timer_is_told_of_a_lost_host_and_its_check_whom_to_tell_what():
    wanted = HealthSpec(every=30.0, alertmanagers=("http://am:9093",), metrics="/srv/m")
    made = health_inputs(FLEET.instances[1], spec(health=wanted))
    assert (made["host"], made["lost"], made["unreachable"], made["metrics"]) == ("app-2", True, "skip", "/srv/m")
    told = json.loads(made["files"]["/etc/alert-threader.d/py-b.health.json"])
    assert (told["host"], told["impl"], told["alertmanagers"]) == ("app-2", "python", ["http://am:9093"])
    assert (
        host_inputs(FLEET.hosts[1], spec(health=wanted), hidden)["directories"]["/srv/m"] == "root:alert-threader 0775"
    )


def test_the_rollout_knows_every_instance_its_host_and_its_settings():
    assert rollout_inputs(FLEET, {"py-a": "x", "py-b": "y"}) == {
        "instances": {"py-a": "x", "py-b": "y"},
        "placement": {"py-a": "app-1", "py-b": "app-2"},
        "ports": {instance.name: instance.port for instance in FLEET.instances},
        "hosts": {host.name: connection(host) for host in FLEET.hosts},
        "edges": [],
        "lost": ["app-2"],
        "settings": {
            "strategy": "rolling",
            "unreachable": "skip",
            "confirm_within": 90.0,
            "batch": 2,
            "max_unavailable": 3,
            "wait": 4.0,
            "progress_deadline": 600.0,
            "drain": 10.0,
            "deadline": 30.0,
            "order": ["py-b", "py-a"],
        },
    }


def test_all_at_once_knows_no_limits():
    at_once = spec(rollout=RolloutSpec(strategy=Strategy.ALL_AT_ONCE, batch=2, max_unavailable=3, wait=4))
    found = rollout_inputs(at_once, {})["settings"]
    assert (found["batch"], found["max_unavailable"], found["wait"]) == (None, None, 0.0)


def test_another_deadline_makes_another_generation_since_the_helper_reads_it_there():
    other = generation(PY_A, spec(health=HealthSpec(deadline=5.0)), DIGESTS)
    assert other.identity("key") != MADE.identity("key")


def test_another_port_of_ssh_makes_no_other_generation():
    hosts = tuple(FLEET.hosts[:1])
    assert generation(PY_A, spec(hosts=hosts), DIGESTS).identity("key") == MADE.identity("key")
