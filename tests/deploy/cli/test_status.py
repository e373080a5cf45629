import json

import pytest

from deploy.rollout.story import State
from tests.deploy.cli.conftest import GENERATION, found, outputs
from tests.deploy.cli.stories import lie, story
from tests.deploy.rollout.records import both, record

NEWER = "1.1.0-bbbbbbbbbb"


def line(verdict, before, after, purpose="deploy"):
    more = {"by": "alice@laptop", "token": "3:decaf", "purpose": purpose, "reason": "HTTP 500 from its /health"}
    return {"at": "2026-11-23T11:30:00Z", "verdict": verdict, "from": before, "to": after, **more}


WENT_BACK = [line("confirmed", GENERATION, NEWER), line("confirmed", NEWER, GENERATION, "rollback")]


def kept(look, *generations):
    """The same host, which keeps more generations."""
    snapshot, health = json.loads(look[0]), look[1]
    for instance in snapshot["instances"].values():
        instance["generations"] |= {each: {"damaged": []} for each in generations}
    return [json.dumps(snapshot), health]


def with_edges(world, **servers):
    """Edges on app-1 and app-3, each with what it says of every instance."""
    for edge in ("app-1", "app-3"):
        world.outputs["inventory"]["hosts"][edge]["roles"] = ["threader", "edge"]
    places = {"py-a": "app-1", "py-b": "app-2", "py-c": "app-3"}
    for number, edge in ((0, "app-1"), (2, "app-3")):
        state = {f"{name}.{host}.9009": servers.get(edge, {}).get(name, READY) for name, host in places.items()}
        world.hosts[edge] = found(f"py-{'abc'[number]}", edge={"servers": state})


READY = {"admin": "ready", "up": True, "sessions": 0}


def test_a_fleet_that_is_as_it_should_be_exits_0(threader, golden):
    golden("status_well", *threader("status"))


def test_whatever_is_wrong_is_shown_with_its_reason_and_exits_3(threader, golden, world):
    world.hosts["app-1"] = "unreachable"
    world.hosts["app-2"] = found("py-b", active="activating", unhealthy="HTTP 500 from http://127.0.0.1:9009/health")
    world.hosts["app-3"] = found("py-c", damaged=["env"])
    golden("status_wrong", *threader("status"))


def test_a_generation_that_the_last_deploy_did_not_give_is_wrong(threader, world):
    world.hosts["app-2"] = found("py-b", generation="0.9.0-bbbbbbbbbb")
    code, text = threader("status")
    assert code == 3
    assert "py-b: the last deploy gave it 1.0.0-aaaaaaaaaa" in text


def test_a_switch_that_nobody_confirmed_is_told_as_such(threader, world):
    world.hosts["app-2"] = found("py-b", generation="1.1.0-bbbbbbbbbb", pending=True)
    code, text = threader("status")
    assert code == 3
    assert "py-b: nobody has confirmed its switch yet" in text


def test_an_instance_on_a_lost_host_is_shown_but_not_wrong(threader, golden, world):
    world.outputs = outputs(third="app-3")
    golden("status_lost", *threader("status"))
    assert {host for host, *_ in world.asked} == {"app-1", "app-2"}


def test_each_host_gets_one_command(threader, world):
    threader("status")
    assert sorted(host for host, *_ in world.asked) == ["app-1", "app-2", "app-3"]


def test_programs_get_json(threader, world):
    world.hosts["app-1"] = "SSH key refused"
    code, text = threader("status", "--json")
    report = json.loads(text)
    assert (code, report["ok"], report["stack"]) == (3, False, "dev")
    assert report["hosts"]["app-1"]["fault"] == "SSH key refused"
    assert [row["health"] for row in report["instances"]] == ["host app-1: SSH key refused", "ok", "ok"]


def test_control_characters_from_a_host_do_nothing_to_the_terminal(threader, world):
    world.hosts["app-1"] = found("py-a", unhealthy="HTTP 500: \x1b[2J\x07")
    assert "\x1b" not in threader("status")[1]


def test_before_the_first_deploy_the_next_command_is_told(threader, golden, world):
    world.outputs = {}
    golden("status_nothing", *threader("status"))


def test_a_timer_that_does_not_run_is_wrong_and_one_that_stands_back_is_not(threader, world):
    world.hosts["app-1"] = found("py-a", timer="inactive")
    world.hosts["app-2"] = found("py-b", pending=True)
    world.hosts["app-3"] = found("py-c", health={"at": ""})
    code, text = threader("status")
    timers = {row.split()[0]: row for row in text.splitlines() if row.startswith("py-")}
    assert code == 3
    assert "  inactive  " in timers["py-a"]
    assert "  standing back  " in timers["py-b"]
    assert "  active  " in timers["py-c"]
    assert "py-a: its health timer is inactive\nnext: threader preview" in text
    assert "py-c:" not in text


def test_a_trouble_that_restarts_do_not_help_is_told(threader, world):
    health = {"escalated": "2026-11-23T11:50:00Z", "restarts": 3}
    world.hosts["app-2"] = found("py-b", unhealthy="HTTP 500", health=health)
    assert (
        "py-b: HTTP 500; 3 restarts by its health check did not help\nnext: threader logs py-b" in threader("status")[1]
    )


def test_a_host_whose_snapshot_is_of_an_older_kind_has_timers_of_which_nothing_is_known(threader, world):
    snapshot = json.loads(world.hosts["app-1"][0])
    del snapshot["units"], snapshot["instances"]["py-a"]["health"], snapshot["instances"]["py-a"]["ledger"]
    world.hosts["app-1"][0] = json.dumps(snapshot)
    assert threader("status")[0] == 0


def test_with_edges_it_is_told_what_they_send(threader, golden, world):
    with_edges(world)
    code, text = threader("status")
    golden("status_edges", code, text)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ({**READY, "admin": "drain"}, "drain"),
        ({**READY, "admin": "maint", "up": False}, "maint"),
        ({**READY, "up": False}, "down"),
    ],
)
def test_an_instance_that_gets_nothing_from_an_edge_is_wrong(threader, world, state, word):
    with_edges(world, **{"app-3": {"py-b": state}})
    code, text = threader("status")
    assert code == 3
    assert f"  app-1 ready, app-3 {word}  " in text
    assert f"py-b: {word} at the edge on app-3\nnext: threader preview" in text


def test_an_instance_is_looked_for_where_what_runs_of_it_answers(threader, world):
    with_edges(world)
    snapshot = json.loads(world.hosts["app-1"][0])
    settings = {"settings.json": json.dumps({"port": 9012})}
    snapshot["instances"]["py-a"]["generations"][GENERATION]["files"] = settings
    snapshot["edge"]["servers"]["py-a.app-1.9012"] = READY
    world.hosts["app-1"][0] = json.dumps(snapshot)
    code, text = threader("status")
    assert code == 3  # the other edge does not know that place
    assert "  10.0.0.1:9012  " in text
    assert "  app-1 ready, app-3 unknown  " in text


def test_an_edge_that_knows_nothing_of_an_instance_or_does_not_run_is_wrong(threader, world):
    with_edges(world)
    world.hosts["app-1"] = found("py-a", edge={"servers": {}})
    world.hosts["app-3"] = found("py-c", edge=None, units={"alert-threader-edge.service": "failed"})
    code, text = threader("status")
    assert code == 3
    assert "py-a: unknown at the edge on app-1" in text
    assert "the edge on app-3 does not answer, its unit is failed\nnext: threader preview" in text


def test_an_edge_on_a_host_of_its_own_is_looked_at_and_counts(threader, world):
    world.outputs["inventory"]["hosts"]["lb-1"] = {
        **world.outputs["inventory"]["hosts"]["app-1"],
        "host": "lb-1",
        "roles": ["edge"],
    }
    world.hosts["lb-1"] = "unreachable"
    code, text = threader("status")
    assert code == 3
    assert "host lb-1 (10.0.0.1): unreachable" in text


def test_what_a_person_went_back_to_is_as_it_should_be_whatever_the_last_deploy_gave(threader, golden, world):
    world.outputs["instances"]["py-a"] = NEWER
    world.hosts["app-1"] = kept(found("py-a", ledger=WENT_BACK, rollouts=both(3, "1.0.0", purpose="rollback")), NEWER)
    failed = [line("failed", GENERATION, NEWER)]
    world.hosts["app-2"] = kept(found("py-b", ledger=failed), NEWER)
    golden("status_pinned", *threader("status"))


def test_what_a_pinned_instance_runs_instead_is_wrong(threader, world):
    world.hosts["app-1"] = found("py-a", generation=NEWER, ledger=WENT_BACK)
    assert f"py-a: it is pinned to {GENERATION}\n" in threader("status")[1]


def test_what_no_host_keeps_any_more_need_not_be_told_to_stay_back(threader, world):
    world.hosts["app-2"] = found("py-b", ledger=[line("failed", GENERATION, NEWER)])
    assert "stays back" not in threader("status")[1]


def test_who_is_at_work_is_told(threader, world):
    lease = {"token": "4:x", "by": "bob@desk", "purpose": "deploy", "since": "2026-11-23T11:59:00Z", "live": True}
    world.hosts["app-2"] = found("py-b", lease=lease, rollouts=[record(4, "begun", token="4:x")])
    _, text = threader("status")
    assert "bob@desk has the fleet for a deploy (r4) since 2026-11-23T11:59:00Z\n" in text
    assert "last rollout: r4, a deploy of 1.0.0 by alice@laptop, 2026-11-24 12:04:00 UTC: under way\n" in text


def test_a_rollout_that_failed_is_told_with_its_reason(threader, world):
    reason = "rollout failed: py-a on app-1 with x: HTTP 500; all back; next: threader logs py-a"
    world.hosts["app-2"] = found("py-b", rollouts=both(4, "1.1.0", "failed", reason=reason))
    assert "UTC: failed in 12 s: py-a on app-1 with x: HTTP 500; all back\n" in threader("status")[1]


def test_programs_get_timers_edges_pins_and_the_last_rollout(threader, world):
    with_edges(world)
    world.outputs["instances"]["py-b"] = NEWER
    world.hosts["app-2"] = kept(found("py-b", ledger=WENT_BACK, rollouts=both(3, "1.0.0")), NEWER)
    code, text = threader("status", "--json")
    report = json.loads(text)
    row = report["instances"][1]
    assert (code, row["timer"], row["checked"]) == (0, "active", "2026-11-23T11:59:48Z")
    assert row["edges"] == {"app-1": "ready", "app-3": "ready"}
    assert (row["pin"]["generation"], row["pin"]["by"]) == (GENERATION, "alice@laptop")
    assert list(row["rejected"]) == [NEWER]
    assert (report["rollout"]["id"], report["lease"], report["edges"]) == (
        "r3",
        None,
        {"app-1": "active", "app-3": "active"},
    )


def test_a_host_in_another_time_zone_says_so(threader, world):
    snapshot = json.loads(world.hosts["app-1"][0])
    snapshot["instances"]["py-a"]["unit"]["ActiveEnterTimestamp"] = "Mon 2026-11-23 13:00:00 CET"
    world.hosts["app-1"][0] = json.dumps(snapshot)
    assert "  11-23 13:00 CET\n" in threader("status")[1]


@pytest.mark.parametrize(
    ("made", "live", "words", "after"),
    [
        (story(), False, "held", "threader rollout r7 --why, then threader promote r7 or threader abort r7"),
        (story(State.RUNNING), True, "under way", "threader rollout r7 --watch, or threader abort r7"),
        (
            story(State.RUNNING),
            False,
            "interrupted",
            "threader deploy, which first takes back what r7 left on its way",
        ),
    ],
)
def test_a_rollout_that_has_not_ended_is_told_with_what_comes_next(threader, fleet, made, live, words, after):
    lie(fleet, made, live=live)
    text = threader("status")[1]
    assert f"\nr7 is {words} at step 6 of 10\nnext: {after}\n" in text
    told = json.loads(threader("status", "--json")[1])["open"]
    assert told == {"id": "r7", "state": words, "next": after}


def test_what_is_not_at_rest_while_a_rollout_is_held_waits_for_that(threader, fleet):
    lie(fleet, story())
    fleet.hosts["app-1"].snapshot["edge"]["servers"] |= {"py-b.app-2.9010": {**READY, "admin": "drain"}}
    fleet.outputs["instances"]["py-b"] = "1.0.1-bbbbbbbbbb"
    code, text = threader("status")
    assert code == 3
    assert "\npy-b: drain at the edge on app-1, while r7 is held\n" in text
    assert "threader preview" not in text
