import json

from tests.deploy.cli.conftest import found, outputs


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
