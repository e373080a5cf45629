"""The configuration of the shipper as a text: what follows from the settings, and that syslog-ng takes it."""

import subprocess

import pytest

from deploy.settings.specs import HostSpec, LokiSpec, TarballSource
from monitoring import logs
from tests.monitoring.logs.fleets import HOST, OTHER, fleet
from tests.monitoring.logs.shipper import NEEDED, PROGRAM


def test_lines_go_to_the_first_monitor():
    made = fleet(hosts=(HOST, OTHER), loki=LokiSpec(port=3101, source=TarballSource("loki.tar.gz", "0" * 64)))
    assert 'url("http://10.0.0.1:3101/loki/api/v1/push")' in logs.configuration(made, OTHER)


def test_an_address_of_version_6_has_brackets():
    host = HostSpec("app-1", "fd00::1", roles=("monitor",))
    assert 'url("http://[fd00::1]:3100/loki/api/v1/push")' in logs.configuration(fleet(hosts=(host,)), host)


def test_a_host_knows_its_own_instances_alone():
    made = fleet(hosts=(HOST, OTHER))
    assert "node-b" not in logs.configuration(made, HOST)
    other = logs.configuration(made, OTHER)
    assert 'set("node" value(".loki.impl") condition(match("^(node-b)(--prev)?$"' in other
    assert "py-a" not in other


def test_the_buffer_has_the_size_of_the_settings_and_room_for_what_was_just_read():
    text = logs.configuration(fleet(log_buffer_mb=10), HOST)
    assert f"disk-buf-size({18 << 20})" in text
    assert f"mem-buf-size({8 << 20})" in text


def test_all_that_it_writes_lies_in_its_folder():
    text = logs.configuration(fleet(), HOST)
    assert text.count("/var/lib/") == text.count('dir("/var/lib/alert-threader-log-shipper")') == 1


def test_what_may_not_be_lost_waits_for_room():
    text = logs.configuration(fleet(), HOST)
    assert "flags(flow-control)" in text[text.index("source(journal);") :]


@NEEDED
@pytest.mark.parametrize("host", [HOST, OTHER], ids=["with Loki", "without"])
def test_the_real_one_takes_it(tmp_path, host):
    path = tmp_path / "syslog-ng.conf"
    path.write_text(logs.configuration(fleet(hosts=(HOST, OTHER)), host))
    done = subprocess.run(
        [PROGRAM, "--syntax-only", f"--cfgfile={path}"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
