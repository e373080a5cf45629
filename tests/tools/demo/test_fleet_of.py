from tools.demo.fleet_of import instances


def test_three_hosts_run_the_seeds_three_instances():
    made = instances(["app-1", "app-2", "app-3"])
    assert [(each["name"], each["impl"], each["port"], each["host"]) for each in made] == [
        ("py-a", "python", 9009, "app-1"),
        ("node-a", "node", 9010, "app-2"),
        ("go-a", "go", 9011, "app-3"),
    ]
    assert made[0]["env_file"] == "/etc/alert-threader.d/py-a.env"


def test_a_fourth_host_begins_again_with_the_next_letter():
    assert instances(["1", "2", "3", "4"])[3]["name"] == "py-b"
