"""Specs to inputs: pure, and every secret goes through the hands of whoever marks it."""

import json
from dataclasses import replace

from components.inputs import connection, generation, health_inputs, host_inputs, instance_inputs, rollout_inputs
from deploy.analysis.gates import DEFAULT_GATES, Action, GateKind, GateSpec
from deploy.rollout.plan import Phase
from deploy.settings.specs import (
    BasicAuthSpec,
    HealthSpec,
    HostSpec,
    LokiSpec,
    MonitoringSpec,
    NotifySpec,
    RolloutSpec,
    Secret,
    Strategy,
    TarballSource,
    TlsSpec,
)
from tests.components.fleets import DIGESTS, KEY, PASSWORD, SECRETS, TOKEN, instance, spec

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
    assert rollout_inputs(FLEET, {}, hidden)["lost"] == ["app-2"]


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
    host, rollout = host_inputs(FLEET.hosts[0], FLEET, hidden), rollout_inputs(FLEET, {"py-a": "1.2.0-x"}, hidden)
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
    assert rollout_inputs(FLEET, {"py-a": "x", "py-b": "y"}, hidden) == {
        "instances": {"py-a": "x", "py-b": "y"},
        "placement": {"py-a": "app-1", "py-b": "app-2"},
        "ports": {instance.name: instance.port for instance in FLEET.instances},
        "hosts": {host.name: connection(host) for host in FLEET.hosts},
        "impls": {"py-a": "python", "py-b": "python"},
        "slots": {"py-a": 10009, "py-b": 10010},
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
            "slot_offset": 1000,
            "hold": "inconclusive",
            "warm": 600.0,
            "guard": 0.0,
            "revert": "fast",
            "canary": [
                {"instances": 1, "percent": None, "weight": 10.0},
                {"instances": None, "percent": None, "weight": 50.0},
            ],
            "gates": [GATE | {"name": "smoke", "kind": "smoke"}, GATE | {"name": "delivery", "interval": 1.0}],
            "emergency": None,
        },
    }


GATE = {
    "kind": "compare",
    "query": "",
    "success": "",
    "failure": "",
    "interval": 5.0,
    "delay": 0.0,
    "count": 1,
    "limit": 60.0,
    "failures": 0,
    "errors": 3,
    "timeout": 10.0,
    "margin": 0.1,
    "on_fail": "rollback",
    "dry_run": False,
    "phases": ["idle", "traffic", "after"],
}
WHOLE = spec(
    rollout=RolloutSpec(strategy=Strategy.CANARY, decision="r7:promote", notify=NotifySpec("C012")),
    env={"SYNTHETIC_CHANNEL": "C_NOBODY"},
    secrets={"SLACK_BOT_TOKEN": Secret(TOKEN), "SYNTHETIC_KEY": Secret(KEY)},
)


def test_a_gate_comes_back_from_its_inputs_as_it_was():
    for gate, made in zip(DEFAULT_GATES, rollout_inputs(FLEET, {}, hidden)["settings"]["gates"], strict=True):
        words = {"kind": GateKind(made["kind"]), "on_fail": Action(made["on_fail"])}
        assert GateSpec(**{**made, **words, "phases": tuple(map(Phase, made["phases"]))}) == gate


def test_a_decision_and_what_tells_people_are_there_only_where_they_are_set():
    found, usual = rollout_inputs(WHOLE, {}, hidden), rollout_inputs(FLEET, {}, hidden)
    assert found.keys() - usual.keys() == {"decision", "notify"}
    assert found["decision"] == "r7:promote"
    api = hidden("https://slack.com/api")
    assert found["notify"] == {"channel": "C012", "token": hidden(TOKEN), "api": api}
    assert not any(secret in json.dumps(found) for secret in SECRETS)


def test_the_rollout_knows_where_gates_ask_prometheus_and_loki():
    monitors = tuple(HostSpec(f"mon-{each}", f"10.99.0.2{each}", roles=("monitor",)) for each in (1, 2))
    bare = replace(FLEET, hosts=(*FLEET.hosts, *monitors))
    whole = replace(bare, monitoring=MonitoringSpec(loki=LokiSpec(source=TarballSource("l.tgz", "ab" * 32))))
    prometheus = {"hosts": ["mon-1", "mon-2"], "prometheus": "127.0.0.1:9090", "loki": None}
    assert rollout_inputs(bare, {}, hidden)["monitors"] == prometheus
    assert rollout_inputs(whole, {}, hidden)["monitors"] == {**prometheus, "loki": "10.99.0.21:3100"}
    assert "monitors" not in rollout_inputs(FLEET, {}, hidden)
    tls, login = TlsSpec("cert", Secret("key"), "ca"), BasicAuthSpec("ops")
    for section, access in (
        (MonitoringSpec(tls=tls, basic_auth=login), {"tls": True, "user": "ops"}),
        (MonitoringSpec(tls=tls), {"tls": True}),
        (MonitoringSpec(basic_auth=login), {"user": "ops"}),
    ):
        secured = rollout_inputs(replace(bare, monitoring=section), {}, hidden)
        assert secured["monitors"] == {**prometheus, "access": access}


def test_the_keys_of_synthetic_alerts_are_the_threaders_own_variables_too():
    made = generation(WHOLE.instances[0], WHOLE, DIGESTS)
    assert (made.secrets["SYNTHETIC_KEY"], made.env["SYNTHETIC_CHANNEL"]) == (KEY, "C_NOBODY")


def test_all_at_once_knows_no_limits():
    at_once = spec(rollout=RolloutSpec(strategy=Strategy.ALL_AT_ONCE, batch=2, max_unavailable=3, wait=4))
    found = rollout_inputs(at_once, {}, hidden)["settings"]
    assert (found["batch"], found["max_unavailable"], found["wait"]) == (None, None, 0.0)


def test_another_deadline_makes_another_generation_since_the_helper_reads_it_there():
    other = generation(PY_A, spec(health=HealthSpec(deadline=5.0)), DIGESTS)
    assert other.identity("key") != MADE.identity("key")


def test_another_port_of_ssh_makes_no_other_generation():
    hosts = tuple(FLEET.hosts[:1])
    assert generation(PY_A, spec(hosts=hosts), DIGESTS).identity("key") == MADE.identity("key")
