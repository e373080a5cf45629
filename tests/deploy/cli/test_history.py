import json

import pytest

from tests.deploy.cli.acting import put, two
from tests.deploy.rollout.records import both, record

FAILED = (
    "rollout failed: py-b on app-2 with 1.0.2-bbbbbbbbbb: HTTP 500; all 2 instances are back; next: threader logs py-b"
)
LONG = two(
    [
        *both(1, "1.0.0"),
        *both(2, "1.0.1", by="bob@desk"),
        *both(3, "1.0.2", "failed", reason=FAILED),
        record(4, "begun", "1.0.2"),
        *both(5, "1.0.0", purpose="rollback"),
        record(6, "begun", "1.0.3"),
    ]
)


@pytest.fixture
def long(fleet):
    put(fleet, LONG)
    for acting in fleet.hosts.values():
        acting.snapshot["lease"] = {"token": "6:5c0ffee", "live": True}
    return fleet


def test_every_rollout_is_told_newest_first(threader, golden, long):
    golden("history", *threader("history"))


def test_only_the_newest_are_told_when_that_is_said(threader, long):
    _, text = threader("history", "--limit", "2")
    assert [line.split()[0] for line in text.splitlines()] == ["ID", "r6", "r5"]


def test_programs_get_everything(threader, long):
    _, text = threader("history", "--json")
    newest, rollback, *_, first = json.loads(text)
    assert (newest["id"], newest["verdict"], newest["ended"]) == ("r6", "under way", None)
    assert (rollback["purpose"], rollback["seconds"]) == ("rollback", 12.0)
    assert (first["versions"], first["instances"]["py-a"], first["placement"]["py-a"]) == (
        ["1.0.0"],
        "1.0.0-aaaaaaaaaa",
        "app-1",
    )


def test_a_host_that_can_not_be_asked_is_told_below(threader, long):
    long.hosts["app-1"] = "unreachable"
    code, text = threader("history")
    assert code == 0
    assert "r5  2026-11-24 12:05" in text
    assert "not asked: host app-1 (10.0.0.1): unreachable" in text


def test_a_fleet_that_was_never_rolled_out_has_none(threader, fleet):
    put(fleet, [])
    assert threader("history") == (0, "the hosts remember no rollout\n")


def test_a_host_is_enough(threader, long, monkeypatch):
    monkeypatch.setattr("deploy.cli.pulumi.ask", None)
    long.hosts["10.0.0.1"] = long.hosts["app-1"]
    _, text = threader("history", "--via", "ops@10.0.0.1:2222")
    assert [line.split()[0] for line in text.splitlines()] == ["ID", "r6", "r5", "r4", "r3", "r2", "r1"]


def test_one_that_is_held_is_so_until_the_next_one(threader, fleet):
    def told():
        return {row.split()[0]: " ".join(row.split()[5:]) for row in threader("history")[1].splitlines()}

    put(fleet, two([*both(1, "1.0.0"), *both(2, "1.0.1", "held", reason="no data")]))
    assert told()["r2"] == "1.0.1 held no data"
    put(fleet, two([*both(2, "1.0.1", "held", reason="no data"), *both(3, "1.0.1")]))
    assert told()["r2"] == "1.0.1 held until r3 no data"
