"""What is written and removed on hosts: files with their folders, and an instance with its second slot, whole."""

import getpass
import grp
import os
import stat
import subprocess

import pytest

from deploy.hosts import operations

UNIT = "alert-threader@py-a--prev.service"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Runs the script below a folder; `asked` is what systemctl was asked."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexit 5\n')
    (tmp_path / "bin" / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")

    def gone(script):
        text = script.replace("/var/lib", f"{tmp_path}/lib").replace("/etc", f"{tmp_path}/etc")
        text = text.replace("systemctl daemon-reload", "systemctl daemon-reload || :")
        subprocess.run(["sh", "-ec", text, "sh", "py-a--prev"], check=True)
        asked = tmp_path / "asked"
        return asked.read_text().splitlines() if asked.exists() else []

    return tmp_path, gone


def made(root):
    """A slot beside its instance."""
    for name in ("py-a", "py-a--prev"):
        unit = f"alert-threader@{name}.service"
        for folder in (f"lib/alert-threader/{name}/data", f"etc/systemd/system/{unit}.d"):
            (root / folder).mkdir(parents=True)
        for path in (f"etc/alert-threader.d/{name}.env", f"etc/systemd/system/multi-user.target.wants/{unit}"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to("/nowhere")


def test_the_second_slot_goes_whole_and_nothing_else_does(host):
    root, gone = host
    made(root)
    asked = gone(operations._NO_SLOT)
    assert f"stop {UNIT}" in asked
    assert "stop alert-threader-warm-py-a--prev.timer" in asked
    assert asked[-1] == "daemon-reload"
    left = [path for path in root.rglob("*") if "py-a" in path.name]
    assert len(left) == 4
    assert not [path for path in left if "--prev" in path.name]


def test_where_there_is_none_nobody_is_asked(host):
    _, gone = host
    assert gone(operations._NO_SLOT) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_file_is_written_also_where_a_package_took_its_empty_folder_away_meanwhile(tmp_path, there):
    path = tmp_path / "a.timer.d" / "schedule.conf"
    if there:
        path.parent.mkdir(0o755)
    mine = f"{getpass.getuser()}:{grp.getgrgid(os.getgid()).gr_name}"
    (command,) = operations.file._inner(str(path), "text\n", f"{mine} 0640")
    told = command.connector_arguments["_stdin"] + "\n"
    subprocess.run(["sh", "-c", command.get_raw_value()], check=True, input=told, text=True)
    assert path.read_text() == "text\n"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o640, 0o755]
    assert list(path.parent.iterdir()) == [path]
