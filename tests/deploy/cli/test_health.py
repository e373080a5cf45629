import json

from tests.deploy.cli.conftest import found


def test_all_healthy_exits_0(threader, golden):
    golden("health_well", *threader("health"))


def test_one_unhealthy_exits_3_with_the_reason(threader, golden, world):
    world.hosts["app-2"] = found("py-b", unhealthy="HTTP 500 from http://127.0.0.1:9009/health: broken")
    world.hosts["app-3"] = "unreachable"
    golden("health_wrong", *threader("health"))


def test_only_the_hosts_of_the_named_instances_are_asked(threader, world):
    code, text = threader("health", "py-b", "--json")
    assert (code, json.loads(text)) == (0, {"py-b": {"healthy": True, "reason": None}})
    assert [host for host, *_ in world.asked] == ["app-2"]


def test_a_mistyped_instance_is_told_with_the_one_that_was_meant(threader):
    assert threader("health", "pyb") == (
        2,
        "error: stack dev has no instance pyb; did you mean py-b?\nnext: threader status\n",
    )
