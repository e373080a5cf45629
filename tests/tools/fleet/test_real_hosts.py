"""One fleet of its own for this file: own state folder, own subnet, taken down at the end and checked for leftovers."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools.fleet import cgroup, network
from tools.fleet.errors import FleetError
from tools.fleet.fleet import Fleet
from tools.fleet.layout import CHECKOUT, Sizes

pytestmark = pytest.mark.fleet
VAR_MB = 192


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    # a path that has everything overlay options and ssh treat as special
    state = tmp_path_factory.mktemp("fleet") / f"a b,c:d%{'x' * 120}" / "state"
    made = Fleet(state, "probe", sizes=Sizes(var_mb=VAR_MB))
    try:
        made.up(2)
        yield made
    finally:
        made.down()


def says(fleet, host, command, user=""):
    done = fleet.ssh(host, command, user=user)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def reaches(host, port=22):
    try:
        socket.create_connection((host.address, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def test_hosts_are_up_with_systemd_running_and_their_own_names(fleet):
    assert [(host.name, host.state) for host in fleet.hosts()] == [("app-1", "running"), ("app-2", "running")]
    assert says(fleet, "app-2", "hostname; systemctl is-system-running").split() == ["app-2", "running"]


def test_a_second_up_leaves_running_hosts_as_they_are(fleet):
    before = says(fleet, "app-1", "cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic")
    fleet.up(2)
    after = says(fleet, "app-1", "cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic")
    assert after == before


def test_ops_has_sudo_and_askpass_needs_a_password(fleet):
    assert says(fleet, "app-1", "sudo -n id -u", user="ops") == "0"
    refused = fleet.ssh("app-1", "sudo -n id -u", user="askpass")
    assert "password is required" in refused.stderr


def test_hosts_reach_each_other_and_a_service_on_the_bridge_but_nothing_else(fleet):
    with socket.create_server((fleet.gateway, 0)) as service:
        port = service.getsockname()[1]
        says(fleet, "app-1", f"timeout 2 bash -c '</dev/tcp/machine/{port}'")
    says(fleet, "app-1", f"timeout 2 bash -c '</dev/tcp/{fleet.host('app-2').address}/22'")
    assert "unreachable" in fleet.ssh("app-1", "bash -c '</dev/tcp/192.0.2.1/80'").stderr.lower()


def test_a_reboot_keeps_the_disks(fleet):
    says(fleet, "app-1", "echo kept | tee /var/kept /etc/kept")
    fleet.reboot("app-1")
    assert says(fleet, "app-1", "cat /var/kept /etc/kept").split() == ["kept", "kept"]


def test_a_host_switched_off_and_on_keeps_its_disks(fleet):
    says(fleet, "app-2", "echo kept >/etc/kept; sync")
    fleet.stop("app-2")
    assert fleet.host("app-2").state == "stopped"
    assert not reaches(fleet.host("app-2"))
    fleet.start("app-2")
    assert says(fleet, "app-2", "cat /etc/kept") == "kept"


def test_a_stopped_host_comes_back_blank_with_up(fleet):
    says(fleet, "app-2", "touch /etc/gone")
    fleet.stop("app-2")
    fleet.up(2)
    says(fleet, "app-2", "test ! -e /etc/gone")


def test_filling_a_host_fills_its_var_and_nothing_of_the_machine(fleet):
    free = shutil.disk_usage(fleet.state).free
    fleet.fill("app-1")
    assert "No space left" in fleet.ssh("app-1", "rm -rf /var/log/journal/*; echo x >/var/more").stderr
    assert says(fleet, "app-1", "df --output=pcent,avail /var | tail -1").split() == ["100%", "0"]
    says(fleet, "app-1", "echo x >/root/elsewhere")
    assert free - shutil.disk_usage(fleet.state).free < 8 * VAR_MB << 20
    assert (fleet.layout.host(1) / "var.img").stat().st_size == VAR_MB << 20
    fleet.empty("app-1")
    says(fleet, "app-1", "echo x >/var/more")
    assert (fleet.layout.host(1) / "var.img").stat().st_blocks * 512 < VAR_MB << 19  # given back


def test_a_read_only_var_becomes_writable_again(fleet):
    mounted = says(fleet, "app-1", "cat /proc/mounts")
    fleet.readonly("app-1")
    fleet.readonly("app-1")
    assert "Read-only file system" in fleet.ssh("app-1", "echo x >/var/more").stderr
    fleet.writable("app-1")
    fleet.writable("app-1")
    says(fleet, "app-1", "echo x >/var/more")
    assert says(fleet, "app-1", "cat /proc/mounts") == mounted


def test_a_read_only_var_is_read_only_for_running_services_that_have_mounts_of_their_own(fleet):
    hardened = "-p ProtectSystem=strict -p PrivateTmp=yes -p ReadWritePaths=/var/lib"
    service = (
        "while sleep 0.05; do if echo x >/var/lib/x; then echo yes; else echo no; fi 2>/dev/null >/run/writes; done"
    )
    says(fleet, "app-1", f"systemd-run --unit=writer -p ReadWritePaths=/run {hardened} sh -c '{service}'; sleep 0.3")
    assert says(fleet, "app-1", "cat /run/writes") == "yes"
    fleet.readonly("app-1")
    assert says(fleet, "app-1", "sleep 0.3; cat /run/writes") == "no"
    fleet.writable("app-1")
    assert says(fleet, "app-1", "sleep 0.3; cat /run/writes; systemctl stop writer") == "yes"


def test_a_cut_link_is_dead_until_it_is_mended(fleet):
    fleet.cut("app-1")
    assert fleet.host("app-1").state == "cut"
    assert not reaches(fleet.host("app-1"))
    fleet.mend("app-1")
    assert reaches(fleet.host("app-1"))


def test_a_frozen_host_accepts_but_does_not_answer(fleet):
    fleet.freeze("app-1")
    assert fleet.host("app-1").state == "frozen"
    with socket.create_connection((fleet.host("app-1").address, 22), timeout=1) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    with pytest.raises(FleetError, match=r"next: python -m tools\.fleet thaw app-1"):
        fleet.reboot("app-1")
    fleet.thaw("app-1")
    says(fleet, "app-1", "true")


def test_dropped_packets_are_lost_until_mended(fleet):
    fleet.drop("app-1", 100)
    assert not reaches(fleet.host("app-1"))
    fleet.mend("app-1")
    assert reaches(fleet.host("app-1"))


def test_apt_works_in_a_host_through_the_proxy_alone(fleet):
    says(fleet, "app-2", "apt-get update -qq && apt-cache policy tree | grep -q Candidate")
    blocked = f"curl -s -o /dev/null -w '%{{http_code}}' -x http://{fleet.gateway}:3142 http://192.0.2.9/"
    assert says(fleet, "app-2", blocked) == "403"


def test_an_up_killed_at_any_moment_is_finished_by_the_next(fleet, tmp_path):
    other = Fleet(tmp_path / "state", "other", say=lambda line: None)
    try:
        for moment in (0.2, 0.3, 0.35, 0.4, 0.5, 0.8):
            child = subprocess.Popen(
                [sys.executable, "-m", "tools.fleet", "up", "2", "--name", "other"],
                env={**os.environ, "THREADER_FLEET_STATE": str(other.state)},
                cwd=CHECKOUT,
                stdout=subprocess.DEVNULL,
            )
            try:
                child.wait(moment)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            assert [host.state for host in other.up(2)] == ["running", "running"]
            other.down()
        assert [host.state for host in fleet.hosts()] == ["running", "running"]
        assert other.network != fleet.network
    finally:
        other.down()


def test_the_command_line_lists_what_programs_need(fleet):
    environment = {"THREADER_FLEET_STATE": str(fleet.state), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "tools.fleet", "list", "--json"]
    shown = json.loads(subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=True).stdout)
    assert shown[0] == {
        "name": "app-1",
        "address": fleet.host("app-1").address,
        "state": "running",
        "user": "root",
        "key": str(fleet.layout.client_key),
        "known_hosts": str(fleet.layout.known_hosts),
    }


def test_down_leaves_only_the_route_that_keeps_the_addresses_inside(tmp_path):
    state = tmp_path / "state"
    gone = Fleet(state, "gone")
    gone.up(2)
    gone.drop("app-1", 10)
    processes = gone.group.pids()
    gone.down()
    assert not gone.group.path.exists()
    assert not any(Path(f"/proc/{pid}/exe").exists() for pid in processes)
    assert not network.links(gone.identity)
    assert str(state) not in Path("/proc/self/mounts").read_text()
    backing = [path.read_text() for path in Path("/sys/block").glob("loop*/loop/backing_file")]
    assert not any(str(state) in text for text in backing)
    assert gone.identity not in subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
    routes = [route["dst"] for route in network.show("route", "show", "type", "unreachable")]
    assert str(gone.network) in routes
    assert cgroup.root().is_dir()
