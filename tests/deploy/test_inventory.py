from deploy.cli.fleet import of_outputs
from deploy.inventory import groups, members
from tests.deploy.cli.conftest import outputs


def test_every_host_that_is_not_lost_is_a_member_with_its_instances():
    hosts = members(of_outputs("dev", outputs(third="app-3")))
    assert list(hosts) == ["app-1", "app-2"]
    assert hosts["app-1"] == (
        "app-1",
        {
            "ssh_hostname": "10.0.0.1",
            "instances": ["py-a"],
            "servers": {"py-a": "py-a.app-1.9009"},
            "ssh_user": "root",
            "ssh_strict_host_key_checking": "yes",
            "_sudo": False,
        },
    )


def test_a_user_that_is_not_root_gets_sudo_and_what_the_settings_say_of_ssh():
    given = outputs()
    given["inventory"]["hosts"]["app-1"] |= {"user": "ops", "port": 2222, "key": "/key", "known_hosts": "/known"}
    _, data = members(of_outputs("dev", given))["app-1"]
    assert (data["_sudo"], data["ssh_port"], data["ssh_key"], data["ssh_known_hosts_file"]) == (
        True,
        2222,
        "/key",
        "/known",
    )


def test_each_role_is_a_group_and_all_is_everyone():
    given = outputs()
    given["inventory"]["hosts"]["app-2"]["roles"] = ["threader", "edge-proxy"]
    found = groups(of_outputs("dev", given))
    assert {name: [host for host, _ in hosts] for name, hosts in found.items()} == {
        "threader": ["app-1", "app-2", "app-3"],
        "edge_proxy": ["app-2"],
        "all": ["app-1", "app-2", "app-3"],
    }
