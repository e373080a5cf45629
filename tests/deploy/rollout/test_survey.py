"""What a rollout makes of snapshots."""

import json

import pytest

from deploy.rollout.survey import arrivals, drained_at, ports_of, rejections, seen_counter
from tests.deploy.provider.fakes import running_instance


def on(ledger=(), settings=None, **more):
    made = running_instance("1.0-x", ledger=list(ledger))
    if settings is not None:
        made["generations"]["1.0-x"]["files"]["settings.json"] = settings
    return {"instances": {"a": made}, **more}


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (json.dumps({"port": 9009}), {"a": 9009}),
        (json.dumps({"health": "http://…"}), {}),
        ("", {}),
        ("not json", {}),
        ("[]", {}),
    ],
)
def test_a_port_is_what_the_running_generation_says(settings, found):
    assert ports_of("a", on(settings=settings)) == found


def test_an_instance_that_is_not_there_has_no_port():
    assert ports_of("b", on()) == {}


@pytest.mark.parametrize(
    ("server", "drained"),
    [
        ({"a.h1.9009": {"admin": "ready", "up": True}}, []),
        ({"a.h1.9009": {"admin": "ready", "up": False}}, []),
        ({"a.h1.9009": {"admin": "drain", "up": True}}, ["e1"]),
        ({"a.h1.9009": {"admin": "maint", "up": False}}, ["e1"]),
        ({"a.h1.9010": {"admin": "drain", "up": True}}, []),
        ({}, []),
    ],
)
def test_an_edge_that_was_told_to_send_nothing_is_named(server, drained):
    assert drained_at({"e1": {"edge": {"servers": server}}}, "a", "h1", 9009.0) == drained


def test_an_edge_that_does_not_run_drains_nobody():
    assert drained_at({"e1": {"edge": None}, "e2": {}}, "a", "h1", 9009) == []


def test_what_runs_already_where_it_is_to_move_has_arrived():
    assert arrivals({"a": "h2"}, {"a": "h1"}, {"h2": on()}, {})[0] == {"a": "1.0-x"}
    assert arrivals({"a": "h2"}, {"a": "h1"}, {"h2": {"instances": {}}}, {}) == ({}, {})
    assert arrivals({"a": "h1"}, {"a": "h1"}, {"h1": on()}, {}) == ({}, {})
    assert arrivals({"a": "h2"}, {"a": "h1"}, {}, {}) == ({}, {})


def test_of_what_has_arrived_the_port_is_known_and_whether_edges_send_to_it():
    edges = {"e1": {"edge": {"servers": {"a.h2.9009": {"admin": "drain"}}}}}
    found = arrivals({"a": "h2"}, {"a": "h1"}, {"h2": on(settings='{"port": 9009}')}, edges)
    assert found == ({"a": "1.0-x (drained at e1)"}, {"a": 9009})


def test_a_generation_that_failed_is_rejected_with_where_and_why():
    failed = {"at": "12:00", "verdict": "failed", "from": "1.0-x", "to": "1.1-y", "by": "me", "reason": "HTTP 500"}
    assert rejections({"h1": on(ledger=[failed])}) == {
        "a": {"1.1-y": "it was rolled back (HTTP 500), at 12:00 on h1"},
    }


def test_no_ledger_rejects_nothing():
    assert rejections({"h1": on(), "h2": {"instances": {}}}) == {}


def test_the_highest_counter_is_that_of_leases_and_of_rollouts_of_any_host():
    snapshots = [
        {"lease": {"token": "3:a"}, "rollouts": [{"token": "2:b"}]},
        {"lease": None, "rollouts": [{"token": "7:c"}, {"token": "spoilt"}, {}]},
        {},
    ]
    assert seen_counter(snapshots) == 7
    assert seen_counter([]) == 0
