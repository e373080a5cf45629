import json

from deploy.cli import ssh
from deploy.cli.journal import pretty
from tests.deploy.cli.conftest import connection, outputs


def entry(message, identifier="run"):
    return json.dumps({"MESSAGE": message, "__REALTIME_TIMESTAMP": "1767225600123456", "SYSLOG_IDENTIFIER": identifier})


def test_an_event_of_the_threader_is_time_level_message_and_fields():
    line = entry(json.dumps({"ts": "x", "level": "info", "msg": "opened", "instance": "py-a", "n": 1, "why": "a b"}))
    assert pretty(line) == '2026-01-01 00:00:00.123Z  info     opened  n=1 why="a b"'


def test_what_systemd_says_is_told_as_its_own():
    assert pretty(entry("Started.", "systemd")) == "2026-01-01 00:00:00.123Z  systemd  Started."


def test_output_in_no_form_is_kept_as_it_is():
    assert pretty(entry("Traceback")) == "2026-01-01 00:00:00.123Z  output   Traceback"
    assert pretty(entry([72, 105, 255])) == "2026-01-01 00:00:00.123Z  output   Hi\N{REPLACEMENT CHARACTER}"
    assert pretty("-- No entries --") == "-- No entries --"


def test_logs_are_read_from_the_instances_own_host(threader, world):
    world.hosts["app-2"] = [entry("Started.", "systemd")]
    assert threader("logs", "py-b", "-n", "5") == (0, "2026-01-01 00:00:00.123Z  systemd  Started.\n")
    [(host, task, arguments)] = world.asked
    assert (host, task) == ("app-2", "run")
    assert arguments["words"] == ["journalctl", "--no-pager", "--unit=alert-threader@py-b.service", "-n5", "-ojson"]


def test_raw_lines_are_those_of_the_threader(threader, world):
    world.hosts["app-2"] = ['{"msg": "x"}']
    assert threader("logs", "py-b", "--raw") == (0, '{"msg": "x"}\n')


def test_a_dead_host_is_told_in_our_words(threader, golden, world):
    world.hosts["app-2"] = "unreachable"
    golden("logs_dead", *threader("logs", "py-b", "--follow"))


def test_a_lost_host_is_not_contacted(threader, world):
    world.outputs = outputs(second="app-2")
    assert threader("logs", "py-b")[0] == 1
    assert world.asked == []


def test_the_plain_ssh_command_checks_host_keys_and_asks_nothing():
    words = ssh.command(connection("app-1", 1), ["journalctl", "-f"])
    assert words[-4:] == ["root", "--", "10.0.0.1", "journalctl -f"]
    assert {"-oStrictHostKeyChecking=yes", "-oBatchMode=yes"} <= set(words)
    assert not any("UserKnownHostsFile" in word for word in words)


def test_the_plain_ssh_command_takes_key_port_known_hosts_and_sudo_from_the_settings():
    host = {**connection("app-1", 1), "user": "ops", "port": 2222, "key": "/k y", "known_hosts": "/known hosts"}
    words = ssh.command(host, ["echo", "a b"])
    assert words[-1] == "sudo -n echo 'a b'"
    assert '-oUserKnownHostsFile="/known hosts"' in words
    assert words[words.index("-i") + 1] == "/k y"
    assert words[words.index("-p") + 1] == "2222"
