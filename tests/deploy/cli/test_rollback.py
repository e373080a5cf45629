import json
import re

import pytest

from deploy.cli.errors import CliError
from tests.deploy.cli.acting import HOSTS, REMEMBERED, Acting, put, two
from tests.deploy.rollout.records import both, record


def plain(text):
    """Without what differs from run to run."""
    return re.sub(r"in \d+ s", "in N s", text)


def switched(world):
    return {host: acting.snapshot["instances"] for host, acting in world.hosts.items()}


def currents(world):
    return [each["current"] for host in switched(world).values() for each in host.values()]


def test_the_fleet_goes_back_to_the_state_before_batch_by_batch(threader, golden, fleet):
    code, text = threader("rollback")
    golden("rollback", code, plain(text))
    assert currents(fleet) == ["generations/1.0.0-aaaaaaaaaa", "generations/1.0.0-bbbbbbbbbb"]


def test_hosts_get_one_lease_and_remember_who_went_back_where_and_how(threader, fleet):
    threader("rollback")
    for acting in fleet.hosts.values():
        (begin,) = acting.did("begin")
        assert begin[4] == "30"
        assert begin[6] == "rollback"
        assert {words[1].partition(":")[0] for words in acting.did("lease", "release")} == {"3"}
        begun, done = acting.snapshot["rollouts"][-2:]
        assert (begun["id"], begun["verdict"], done["id"], done["verdict"]) == ("r3", "begun", "r3", "done")
        assert (done["purpose"], done["strategy"]) == ("rollback", "rolling")
        assert done["settings"] == REMEMBERED[-1]["settings"]
        assert done["hosts"]["app-1"] == {"address": "10.0.0.1", "user": "root", "port": 22}


def test_fast_is_all_at_once(threader, fleet):
    _, text = threader("rollback", "--fast")
    assert "1 of 1: activate py-a, activate py-b" in text
    done = fleet.hosts["app-1"].snapshot["rollouts"][-1]
    assert (done["strategy"], done["settings"]["batch"]) == ("all-at-once", 1)


def test_after_it_the_next_one_goes_further_back_and_not_forward_again(threader, world, fleet):
    put(fleet, two([*both(1, "0.9"), *both(2, "1.0.0"), *both(3, "1.0.1")]), kept=("1.0.0", "0.9"))
    threader("rollback")
    threader("rollback")
    assert currents(fleet) == ["generations/0.9-aaaaaaaaaa", "generations/0.9-bbbbbbbbbb"]
    code, text = threader("rollback")
    assert code == 1
    assert "the hosts remember no state before the one that runs now; it can go to r4 (1.0.0), r3 (1.0.1)" in text


def test_edges_are_drained_and_with_fast_nobody_waits_for_that(threader, world, fleet):
    world.outputs["inventory"]["hosts"]["app-2"]["roles"] = ["threader", "edge"]
    for words, seconds in (((), "5"), (("--fast",), "0")):
        put(fleet)
        threader("rollback", *words)
        drains = fleet.hosts["app-2"].did("drain")
        assert [words[1] for words in drains] == ["py-a.app-1.9009", "py-b.app-2.9010"]
        assert {words[3] for words in drains} == {seconds}
        assert len(fleet.hosts["app-2"].did("admit")) == 2
        assert not fleet.hosts["app-1"].did("drain", "admit")


def test_nothing_to_do_is_said_and_no_lease_is_taken(threader, fleet):
    code, text = threader("rollback", "--to", "1.0.1")
    assert code == 0
    assert text.endswith("it runs already: nothing was changed\n")
    assert fleet.hosts["app-1"].said == []


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (
            ("--to", "0.9"),
            1,
            "the hosts remember no rollout 0.9, and no successful one of a release 0.9; it can go to r1",
        ),
        (
            ("--steps", "2"),
            1,
            "the hosts remember 1 state before the one that runs now; it can go to r1 (1.0.0)\nnext: ",
        ),
        (("--to", "r1", "--steps", "1"), 2, "--to and --steps say two things"),
        (("--steps", "0"), 2, "--steps"),
        (("--ask",), 2, "to ask needs a terminal\nnext: the same command with --yes"),
        (("--via", "a b"), 2, "--via a b: that is no [USER@]ADDRESS[:PORT]"),
    ],
)
def test_what_can_not_be_is_refused_with_what_can(threader, fleet, words, code, why):
    found, text = threader("rollback", *words)
    assert found == code
    assert why in text
    assert currents(fleet) == ["generations/1.0.1-aaaaaaaaaa", "generations/1.0.1-bbbbbbbbbb"]


def test_one_that_fails_goes_back_to_where_it_was_and_exits_1(threader, golden, fleet):
    fleet.hosts["app-2"].answers["begin"] = {"state": "failed", "reason": "HTTP 500 from http://127.0.0.1:9010/health"}
    golden("rollback_failed", *threader("rollback"))
    assert currents(fleet) == ["generations/1.0.1-aaaaaaaaaa", "generations/1.0.1-bbbbbbbbbb"]
    assert fleet.hosts["app-1"].snapshot["rollouts"][-1]["verdict"] == "failed"


def test_a_host_that_does_not_answer_holds_it_up_and_can_be_left_out(threader, golden, fleet, monkeypatch):
    world_hosts = fleet.hosts
    world_hosts["app-2"] = "unreachable"
    golden("rollback_unreachable", *threader("rollback"))
    assert world_hosts["app-1"].said == []
    monkeypatch.setenv("THREADER_LOST", "app-2")
    code, _ = threader("rollback")
    assert code == 0
    assert world_hosts["app-1"].snapshot["instances"]["py-a"]["current"] == "generations/1.0.0-aaaaaaaaaa"


def test_where_the_settings_skip_silent_hosts_it_goes_on_without_and_exits_3(threader, fleet):
    put(fleet, two([*both(1, "1.0.0"), *both(2, "1.0.1")], unreachable="skip"))
    fleet.hosts["app-2"] = "unreachable"
    code, text = threader("rollback")
    assert code == 3
    assert "left out: host app-2 (10.0.0.2): unreachable" in text
    assert "app-1: 1.0.1-aaaaaaaaaa -> 1.0.0-aaaaaaaaaa" in text


def test_what_a_dead_rollout_left_unconfirmed_is_undone_first(threader, fleet):
    put(fleet, two([*both(1, "1.0.0"), *both(2, "1.0.1"), record(3, "begun", "1.0.2")]))
    fleet.hosts["app-1"].snapshot["instances"]["py-a"]["pending"] = True
    code, text = threader("rollback")
    assert code == 0
    assert "undoing what a rollout that is dead left unconfirmed: the switch of py-a" in text


def test_a_rollout_that_is_alive_is_waited_for_and_not_for_ever(threader, fleet, monkeypatch):
    async def at_once(seconds):
        pass

    lease = {"token": "3:decaf", "by": "bob@desk", "purpose": "deploy", "since": "12:00", "live": True}
    monkeypatch.setattr("deploy.cli.settle.settled.__defaults__", (at_once,))
    fleet.hosts["app-1"].snapshot["lease"] = lease
    code, text = threader("rollback")
    assert code == 1
    assert text.count("waiting, since bob@desk has the fleet for a deploy (r3) since 12:00") == 1
    assert (
        "error: nothing was changed: bob@desk has the fleet for a deploy (r3) since 12:00\nnext: threader status"
        in text
    )


def test_programs_get_json_and_progress_aside(threader, fleet, capfd):
    code, text = threader("rollback", "--json")
    report, _, progress = text.partition("\n}\n")
    found = json.loads(report + "}")
    assert (code, found["verdict"], found["rollout"], found["to"]["id"]) == (0, "done", "r3", "r1")
    assert found["plan"][0] == "1. activate py-a on app-1: 1.0.1-aaaaaaaaaa -> 1.0.0-aaaaaaaaaa"
    assert "activate py-a" in progress


def test_programs_learn_of_a_failure_in_json_too(threader, fleet):
    fleet.hosts["app-1"].answers["begin"] = {"state": "failed", "reason": "HTTP 500"}
    code, text = threader("rollback", "--json")
    found = json.loads(text.partition("\n}\n")[0] + "}")
    assert (code, found["verdict"], found["rollout"]) == (1, "failed", None)
    assert "HTTP 500" in found["reason"]


def test_without_pulumi_one_host_tells_of_the_others(threader, world, fleet, monkeypatch):
    def gone(*_):
        raise AssertionError("Pulumi was asked")

    monkeypatch.setattr("deploy.cli.pulumi.ask", gone)
    reached = []

    async def ask(self, where, task, **arguments):
        reached.append((where["address"], where["user"], where["port"], where["key"], where["known_hosts"]))
        host = {each["address"]: name for name, each in HOSTS.items()}[where["address"]]
        return fleet.hosts[host].answer(task, **arguments)

    monkeypatch.setattr("tests.deploy.cli.conftest.FakeHosts.ask", ask)
    code, _ = threader("rollback", "--via", "10.0.0.2", "--key", "~/k", "--known-hosts", "~/h")
    assert code == 0
    assert reached[0] == ("10.0.0.2", "root", 22, "~/k", "~/h")
    assert set(reached[1:]) == {("10.0.0.1", "ops", 2222, "~/k", "~/h"), ("10.0.0.2", "ops", 2222, "~/k", "~/h")}
    assert currents(fleet) == ["generations/1.0.0-aaaaaaaaaa", "generations/1.0.0-bbbbbbbbbb"]


def test_a_host_that_remembers_nothing_knows_no_fleet(threader, world, fleet):
    world.hosts["10.0.0.9"] = Acting({"instances": {}, "systemd": True})
    code, text = threader("rollback", "--via", "10.0.0.9")
    assert (code, text) == (1, "error: host 10.0.0.9 remembers no rollout\nnext: the same command --via another host\n")


def test_where_pulumi_can_not_be_asked_the_way_without_it_is_told(threader, world, fleet):
    world.outputs = CliError("pulumi stack output: unable to open bucket", "make setup")
    code, text = threader("rollback")
    assert code == 1
    assert (
        "next: make setup; or without Pulumi: threader rollback --via [USER@]ADDRESS of any host of the fleet" in text
    )


def test_a_fault_of_a_host_that_answers_is_told_as_it_is(threader, fleet):
    fleet.hosts["app-2"] = "disk full"
    code, text = threader("rollback")
    assert code == 1
    assert "host app-2 (10.0.0.2): disk full" in text
