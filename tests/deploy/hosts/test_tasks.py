"""Tasks on one host: systemd hears of new unit files before it starts anything, and after the last one."""

import json

import pytest

from deploy.faults import HostFault, Place
from deploy.hosts import operations, tasks

FILE = ["files", "/etc/systemd/system/a.timer", None, json.dumps(["text", "root:root 0644"])]
GONE = ["files", "/etc/systemd/system/a.timer", "text", None]
ELSEWHERE = ["files", "/etc/a", None, json.dumps(["text", "root:root 0644"])]
START = ["units", "a.timer", None, "active"]
MEND = ["units", "a.timer", "failed", "active"]
STOP = ["units", "a.timer", "active", None]


class Noting:
    """A machine that notes the operations that it is asked for, and the commands that it is to run."""

    place = Place("h1", "10.0.0.1")

    def __init__(self):
        self.names = {each: name for name, each in vars(operations).items() if callable(each)}
        self.asked, self.ran = [], []

    def run(self, command, seconds, stdin=""):
        self.ran.append((str(command), stdin) if stdin else str(command))
        return []

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


def test_archives_and_masks_come_before_packages_which_are_installed_together():
    machine = Noting()
    changes = [
        ["sources", "grafana", None, "Types: deb\n"],
        ["masks", "grafana.service", None, "masked"],
        ["packages", "a", None, "installed"],
        ["packages", "b", "config-files", "installed"],
    ]
    tasks.install(machine, changes)
    source, mask, packages = machine.ran
    assert "/etc/apt/sources.list.d/alert-threader-grafana.sources 'Types: deb\n'" in source
    assert "systemctl mask --now" in mask
    assert mask.endswith("sh grafana.service")
    assert packages.endswith("sh a b")
    assert "--no-remove" in packages


def test_what_is_no_longer_wanted_of_archives_and_masks_goes_and_packages_stay():
    machine = Noting()
    tasks.apply(machine, [["masks", "a.service", "masked", None], ["packages", "a", "installed", None]])
    tasks.apply(machine, [["sources", "grafana", "Types: deb", None]])
    assert machine.asked == ["unmasked", "absent"]


@pytest.mark.parametrize(
    "folder", ["/opt/other", "/opt/alert-threader", "/opt/alert-threader/..", "/opt/alert-threader/"]
)
def test_only_folders_of_our_programs_are_ever_removed(folder):
    machine = Noting()
    with pytest.raises(HostFault, match="no folder of a program of ours"):
        tasks.apply(machine, [["programs", folder, "ab", None]])
    assert machine.asked == []


def test_a_program_is_brought_and_one_that_is_wanted_no_longer_goes():
    machine = Noting()
    folder = "/opt/alert-threader/loki-ab"
    tasks.apply(machine, [["programs", folder, None, json.dumps(["ab", "/here"])], ["programs", folder, "ab", None]])
    assert machine.asked == ["program", "forgotten"]


def test_a_script_gets_its_request_on_its_input_and_not_as_an_argument():
    machine = Noting()
    tasks.script(machine, "ask", {"what": "get", "urls": ["http://u:p@h/"]}, 5)
    ((command, stdin),) = machine.ran
    assert command.startswith("python3 -c ")
    assert "u:p" not in command
    assert json.loads(stdin) == {"what": "get", "urls": ["http://u:p@h/"]}
    assert "script" in tasks.SIMULTANEOUS
