"""Tasks on one host: systemd hears of new unit files before it starts anything, and after the last one."""

import json

import pytest

from deploy.hosts import operations, tasks

FILE = ["files", "/etc/systemd/system/a.timer", None, json.dumps(["text", "root:root 0644"])]
GONE = ["files", "/etc/systemd/system/a.timer", "text", None]
ELSEWHERE = ["files", "/etc/a", None, json.dumps(["text", "root:root 0644"])]
START = ["units", "a.timer", None, "active"]
MEND = ["units", "a.timer", "failed", "active"]
STOP = ["units", "a.timer", "active", None]


class Noting:
    """A machine that notes the operations that it is asked for."""

    def __init__(self):
        self.names = {each: name for name, each in vars(operations).items() if callable(each)}
        self.asked = []

    def operate(self, operation, *arguments, **more):
        self.asked.append(self.names[operation])


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ([], []),
        ([ELSEWHERE], ["file"]),
        ([FILE], ["file", "reload"]),
        ([FILE, START], ["file", "reload", "started"]),
        ([FILE, START, MEND], ["file", "reload", "started", "started"]),
        ([START], ["reload", "started"]),
        ([FILE, START, GONE], ["file", "reload", "started", "absent", "reload"]),
        ([STOP, GONE], ["stopped", "absent", "reload"]),
        ([STOP], ["stopped"]),
    ],
)
def test_systemd_hears_of_unit_files_before_it_starts_units_and_of_those_that_go(changes, asked):
    machine = Noting()
    tasks.apply(machine, changes)
    assert machine.asked == asked


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/var/lib/alert-threader", "absent"),
        ("/etc/systemd/system/alert-threader@a.service.d", "absent"),
        ("/srv/m", "given_back"),
    ],
)
def test_a_folder_that_others_use_too_is_given_back_and_not_just_removed(path, asked):
    machine = Noting()
    tasks.apply(machine, [["directories", path, "root:root 0755", None], ["directories", path, None, "root:root 0755"]])
    assert machine.asked[:2] == [asked, "directory"]
