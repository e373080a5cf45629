import json

import pytest

from tests.deploy.cli.conftest import outputs
from tests.deploy.cli.monitored import WATCHDOG, Monitor, alert, each_instance, monitored, series

DOWN = alert("ThreaderInstanceDown", "critical", instance="py-c", host="app-3", since="2026-11-23T11:56:00.000Z")
DISK = alert("HostDiskAlmostFull", "warning", host="app-2")


def test_a_fleet_whose_alerts_are_quiet_exits_0(threader, golden, world):
    monitored(world)
    golden("monitor_well", *threader("monitor"))


def test_a_critical_alert_exits_3_and_alerts_are_last_with_the_worst_first(threader, golden, world):
    monitor = monitored(world)
    seen = {"sum(up{": [series(2)], "count(up{": [series(1)], "ALERTS": [series(2)]}
    monitor.panels |= {**seen, "max by (instance) (up{": each_instance(1, 1, 0)}
    monitor.alerts = {"10.0.0.1:9093": [WATCHDOG, DISK, DOWN], "10.0.0.2:9093": [DOWN, WATCHDOG]}
    golden("monitor_critical", *threader("monitor"))


def test_a_warning_alone_exits_0(threader, world):
    monitored(world).alerts["10.0.0.2:9093"] = [WATCHDOG, DISK]
    code, text = threader("monitor")
    assert code == 0
    assert text.endswith("1 alert firing\n")


def test_everything_is_asked_in_one_command_on_one_host(threader, world):
    monitor = monitored(world)
    threader("monitor")
    [(host, task, arguments)] = world.asked
    assert (host, task) == ("app-1", "script")
    assert "SLACK" not in json.dumps(arguments)
    assert {url.split("/")[2] for url in monitor.asked} == {
        "127.0.0.1:9090",
        "10.0.0.1:3100",
        "10.0.0.1:9093",
        "10.0.0.2:9093",
    }


def test_without_loki_it_is_not_asked(threader, world):
    monitor = monitored(world, loki=False)
    assert "Error lines" not in threader("monitor")[1]
    assert not any("3100" in url for url in monitor.asked)


def test_no_monitor_is_told_with_what_to_do(threader, world):
    for none in (None, {"hosts": [], "prometheus": None, "alertmanagers": {}, "loki": None, "grafana": None}):
        world.outputs = {**outputs(), "monitoring": none}
        assert threader("monitor") == (1, "error: no host has the role monitor\nnext: threader docs monitoring\n")
    world.outputs = outputs()
    assert threader("monitor")[1].startswith("error: no host has the role monitor")


def test_a_monitor_that_is_away_is_told_and_the_other_one_asked(threader, golden, world):
    monitored(world, loki=False)
    world.hosts["app-1"] = "unreachable"
    golden("monitor_away", *threader("monitor"))


def test_with_all_monitors_away_the_reason_is_that_of_the_first(threader, world):
    monitored(world)
    world.hosts["app-1"] = world.hosts["app-2"] = "unreachable"
    code, text = threader("monitor")
    assert code == 1
    assert text.startswith("error: host app-1 (10.0.0.1): unreachable")


def test_a_lost_monitor_is_not_contacted(threader, world):
    monitored(world)
    world.outputs["inventory"]["hosts"]["app-1"]["lost"] = True
    assert threader("monitor")[0] == 0
    assert [host for host, *_ in world.asked] == ["app-2"]
    assert not any("10.0.0.1:9093" in url for url in world.hosts["app-2"].asked)


def test_an_alertmanager_that_is_down_is_told_and_the_other_one_believed(threader, world):
    monitor = monitored(world)
    monitor.down = {"10.0.0.2:9093"}
    code, text = threader("monitor")
    assert code == 3
    assert "the Alertmanager on app-2 does not answer: [Errno 111] Connection refused\nnext: threader preview" in text


def test_a_prometheus_that_is_down_is_told_once(threader, golden, world):
    monitor = monitored(world, loki=False)
    monitor.down = {"127.0.0.1:9090"}
    monitor.alerts["10.0.0.1:9093"] = [DOWN]
    golden("monitor_blind", *threader("monitor"))


def test_one_query_that_fails_is_told_in_its_place(threader, world):
    monitored(world).panels["threader_errors_total"] = {"why": 'HTTP 422: {"error":"too many samples"}'}
    code, text = threader("monitor")
    assert code == 0
    assert 'Errors, last hour             no answer: HTTP 422: {"error":"too many samples"}\n' in text


def test_a_watchdog_that_is_missing_is_told(threader, world):
    monitor = monitored(world)
    monitor.alerts = {place: [] for place in monitor.alerts}
    assert "the Watchdog, which always fires, is at no Alertmanager" in threader("monitor")[1]


def test_one_instance_can_be_looked_at(threader, world):
    monitor = monitored(world)
    assert threader("monitor", "--dashboard", "instance", "--instance", "py-b")[0] == 0
    assert any("instance%3D~%22py-b%22" in url for url in monitor.asked)
    assert threader("monitor", "--instance", "py-x")[0] == 2


def test_a_version_is_told_by_its_name(threader, world):
    monitored(world).panels = {"threader_info": [series(1, instance="py-a", version="1.0.0", impl="python")]}
    lines = threader("monitor", "--dashboard", "instance")[1].splitlines()
    assert ["Version", "py-a", "1.0.0", "(python)"] in [line.split() for line in lines]


def test_logs_are_lines_from_old_to_new(threader, world):
    monitor = monitored(world)
    event = json.dumps({"ts": "x", "level": "error", "msg": "slack failed", "instance": "py-a", "why": "too slow"})
    streams = [
        {"stream": {"instance": "py-a"}, "values": [["1767225601000000000", event]]},
        {"stream": {"instance": "py-b"}, "values": [["1767225600000000000", "\x1b[31mplain"]]},
    ]
    monitor.panels = {'{job="alert_threader",instance=~".+"} |=': streams}
    text = threader("monitor", "--dashboard", "logs")[1]
    assert "Threaders\n  2026-01-01 00:00:00.000Z  output   \\x1b[31mplain\n" in text
    assert '  2026-01-01 00:00:01.000Z  error    slack failed  why="too slow"\n' in text
    assert "Other units\n  no data\n" in text


@pytest.mark.parametrize("uid", ["instance", "rollout", "delivery", "logs", "monitoring"])
def test_every_dashboard_can_be_shown_even_without_any_data(threader, world, uid):
    monitored(world).panels = {}
    assert threader("monitor", "--dashboard", uid)[0] == 0


def test_a_mistyped_dashboard_is_told_with_the_one_that_was_meant(threader, world):
    monitored(world)
    code, text = threader("monitor", "--dashboard", "rolout")
    assert (code, "did you mean rollout?" in text) == (2, True)


def test_logs_without_loki_are_an_error_that_says_how_to_get_it(threader, world):
    monitored(world, loki=False)
    assert threader("monitor", "--dashboard", "logs") == (
        1,
        "error: no logs are kept: there is no Loki, set monitoring.loki.source\nnext: threader docs monitoring\n",
    )


def test_json_has_it_all_and_null_for_what_is_no_number(threader, world):
    monitor = monitored(world)
    monitor.alerts["10.0.0.1:9093"] = [WATCHDOG, DOWN]
    code, text = threader("monitor", "--json")
    told = json.loads(text)
    assert code == 3
    assert (told["stack"], told["dashboard"], told["monitor"], told["critical"]) == (
        "dev",
        "fleet-overview",
        "app-1",
        1,
    )
    assert [each["labels"]["alertname"] for each in told["alerts"]] == ["ThreaderInstanceDown"]
    panels = {panel["title"]: panel for panel in told["panels"]}
    assert panels["p99 by instance"]["series"][2] == {"name": "py-c", "labels": {"instance": "py-c"}, "value": None}
    assert panels["Webhooks"]["unit"] == "reqps"


def test_many_instances_are_rows(threader, world):
    monitor = monitored(world)
    many = [series(1, instance=f"py-{n:02}") for n in range(20)]
    monitor.panels = {"by (instance": many}
    text = threader("monitor")[1]
    assert "INSTANCE  UP  WEBHOOKS  FAILED  P99  MESSAGES, LAST HOUR\npy-00     up  1 /s" in text


def test_watching_looks_again_until_ctrl_c(threader, world, monkeypatch):
    monitored(world)
    waits = iter([None])

    def sleep(seconds):
        assert seconds == 5
        if next(waits, "over") == "over":
            raise KeyboardInterrupt

    monkeypatch.setattr("deploy.cli.verbs.monitor.time.sleep", sleep)
    code, text = threader("monitor", "--watch", "5")
    assert (code, text.count("stack dev, asked on app-1")) == (0, 2)


def test_values_that_are_missing_for_one_instance_are_a_dash(threader, world):
    monitored(world).panels["max by (instance) (up{"] = each_instance(1, 1, 1)[:2]
    assert ["Up", "up", "up", "-"] in [line.split() for line in threader("monitor")[1].splitlines()]


def test_the_fake_is_asked_nothing_that_it_does_not_know():
    with pytest.raises(AssertionError):
        Monitor().answer("snapshot")


def test_a_part_that_listens_everywhere_is_at_the_address_of_its_host(threader, world):
    monitor = monitored(world)
    for host, number in (("app-1", 1), ("app-2", 2)):
        world.outputs["monitoring"]["alertmanagers"][host] = "0.0.0.0:9093"
        assert world.outputs["inventory"]["hosts"][host]["address"] == f"10.0.0.{number}"
    assert threader("monitor")[0] == 0
    assert {url.split("/")[2] for url in monitor.asked if "/api/v2/alerts" in url} == {"10.0.0.1:9093", "10.0.0.2:9093"}


def test_what_the_stack_says_of_its_settings_is_what_the_panels_have(threader, world):
    monitor = monitored(world)
    world.outputs["monitoring"] |= {"objective": 99.0, "every": 300, "retention_days": 90}
    text = threader("monitor", "--dashboard", "delivery")[1]
    assert "Budget left, 30 days" in text
    assert any("1+-+0.99%29" in url for url in monitor.asked)
    assert any("%5B20m%5D" in url for url in monitor.asked)


def test_loki_is_gone_with_its_host(threader, world):
    monitored(world)
    world.outputs["inventory"]["hosts"]["app-1"]["lost"] = True
    assert "Error lines" not in threader("monitor")[1]


def test_with_no_alertmanager_nobody_knows_which_alerts_fire(threader, world):
    monitored(world).down = {"10.0.0.1:9093", "10.0.0.2:9093"}
    code, text = threader("monitor")
    assert code == 3
    assert text.endswith("stack dev, asked on app-1: which alerts fire is not known\n")
