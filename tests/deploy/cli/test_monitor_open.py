import re
import socket
import sys

import pytest

from deploy.cli import forward
from deploy.cli.errors import CliError
from deploy.cli.fleet import of_outputs
from deploy.cli.forward import Forward, command, forwards, free, ports, told
from deploy.cli.monitor_where import where
from tests.deploy.cli.conftest import connection
from tests.deploy.cli.monitored import monitored

# Stands in for ssh: listens at every port that is to be forwarded and answers like the part there.
SSH = f"""#!{sys.executable}
import http.server, sys, threading, time
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(self.server.text.encode())
    def log_message(self, *_): pass
for word in sys.argv:
    if word.startswith("127.0.0.1:"):
        _, port, target = word.split(":", 2)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Page)
        server.text = "The package does not include a web\\n  application." if target.endswith("9093") else "page"
        threading.Thread(target=server.serve_forever, daemon=True).start()
time.sleep(float(open(__file__ + ".seconds").read()))
sys.exit(255)
"""


def places(world, **more):
    monitored(world, **more)
    return where(of_outputs("dev", world.outputs), world.outputs)


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """The stand-in, which ends after some seconds."""
    program = tmp_path / "ssh"
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program.with_name("ssh.seconds")


def test_the_usual_ports_of_the_first_monitor_are_forwarded(world):
    assert [(each.name, each.usual, each.target) for each in forwards(places(world, grafana=True))] == [
        ("Grafana", 3000, "127.0.0.1:3000"),
        ("Prometheus", 9090, "127.0.0.1:9090"),
        ("Alertmanager", 9093, "10.0.0.1:9093"),
        ("Loki", 3100, "10.0.0.1:3100"),
    ]


def test_nothing_is_forwarded_at_3000_where_there_is_no_grafana(world):
    assert [each.usual for each in forwards(places(world, loki=False))] == [9090, 9093]


def test_ssh_forwards_and_does_nothing_else():
    host = {**connection("app-1", 1), "user": "ops", "port": 2222}
    words = command(
        host, [(9091, Forward("Prometheus", 9090, "127.0.0.1:9090")), (9093, Forward("A", 9093, "[fd::1]:9"))]
    )
    assert words[:3] == ["ssh", "-N", "-oExitOnForwardFailure=yes"]
    assert [words[at + 1] for at, word in enumerate(words) if word == "-L"] == [
        "127.0.0.1:9091:127.0.0.1:9090",
        "127.0.0.1:9093:[fd::1]:9",
    ]
    assert words[-4:] == ["-l", "ops", "--", "10.0.0.1"]
    assert {"-oStrictHostKeyChecking=yes", "-oBatchMode=yes"} <= {*words}


def test_a_port_that_is_taken_gives_way_to_the_next_that_is_free_and_nobody_elses():
    wanted = [Forward("P", 9090, "x"), Forward("A", 9093, "x"), Forward("L", 9091, "x")]
    assert ports(wanted, lambda _: True) == [9090, 9093, 9091]
    assert ports(wanted, lambda port: port not in (9090, 9093)) == [9092, 9094, 9091]
    with pytest.raises(CliError, match="no port from 9090 on is free here"):
        ports(wanted, lambda _: False)


def test_a_port_is_free_until_somebody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not free(port)
    assert free(port)


def test_what_is_told_of_a_part_follows_its_page():
    manager = Forward("Alertmanager", 9093, "x")
    debian = "The Debian package does not include a web\n    application."
    assert told(manager, 9093, debian).endswith(
        "http://localhost:9093/api/v2/alerts  (Debian's has no web page, so this is its API)"
    )
    assert told(manager, 9094, "<title>Alertmanager</title>").endswith("http://localhost:9094")
    assert told(manager, 9093, None).endswith("does not answer; next: threader preview")


def test_pages_are_forwarded_until_ctrl_c(threader, world, ssh, monkeypatch):
    monitored(world)
    ssh.write_text("60")
    tell = forward._tell

    def interrupted(*arguments):
        tell(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(forward, "_tell", interrupted)
    code, text = threader("monitor", "--open")
    assert code == 0
    assert re.search(r"^Prometheus    http://localhost:\d+$", text, re.MULTILINE)
    assert re.search(
        r"^Alertmanager  http://localhost:\d+/api/v2/alerts  \(Debian's has no web page", text, re.MULTILINE
    )
    assert "\nGrafana: not installed here, set monitoring.grafana.source\nforwarded from app-1 until Ctrl-C\n" in text


def test_a_taken_port_is_told(threader, world, ssh, monkeypatch):
    monitored(world, loki=False)
    ssh.write_text("2")
    monkeypatch.setattr(forward, "free", lambda port: port != 9090 and free(port))
    code, text = threader("monitor", "--open")
    assert re.search(r"^port 9090 is taken here, so Prometheus is at 909\d$", text, re.MULTILINE)
    assert (code, text.splitlines()[-2:]) == (
        1,
        ["error: the connection ended (ssh: exit code 255)", "next: threader doctor"],
    )


def test_a_host_that_is_away_is_told_in_our_words(threader, world, ssh):
    monitored(world)
    world.hosts["app-1"] = "unreachable"
    code, text = threader("monitor", "--open")
    assert code == 1
    assert text.startswith("error: host app-1 (10.0.0.1): unreachable")


def test_an_ssh_that_refuses_to_forward_is_told(threader, world, ssh):
    monitored(world)
    ssh.with_name("ssh").write_text("#!/bin/sh\nexit 255\n")
    assert threader("monitor", "--open")[0] == 1
