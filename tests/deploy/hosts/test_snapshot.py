"""The snapshot: what is on a host, and which files of a generation are not as they were staged."""

import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import time

import pytest

from tests.deploy.hosts.conftest import AS_ROOT, HELPERS, load, seal


@pytest.fixture
def script():
    return load("snapshot")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "1.0-a"
    (made / "release" / "lib").mkdir(parents=True)
    for path in (made, made / "release", made / "release" / "lib"):
        path.chmod(0o755)
    for name, text, mode in (
        ("release/run", "#!/bin/sh\n", 0o755),
        ("release/lib/a.py", "A = 1\n", 0o644),
        ("env", 'A="1"\n', 0o600),
        ("settings.json", "{}\n", 0o644),
    ):
        (made / name).write_text(text)
        (made / name).chmod(mode)
    seal(made)
    tick()
    return made


def tick():
    """Let the file system's clock, which is coarse, move on."""
    time.sleep(0.012)


def test_what_goes_while_it_is_looked_at_is_missing(script, folder, monkeypatch):
    walk = os.walk

    def going(path):
        for base, folders, names in walk(path):
            if base == str(folder / "release"):
                shutil.rmtree(base)
            yield base, folders, names

    monkeypatch.setattr(script.os, "walk", going)
    assert script.generation(str(folder))["damaged"] == ["release/lib/a.py", "release/run"]


def edited(folder):
    (folder / "release/run").write_text("#!/bin/sh\nrm -rf /\n")


def edited_in_place_with_the_old_times(folder):
    before = (folder / "release/run").stat()
    (folder / "release/run").write_text("#!/bin/bad")
    os.utime(folder / "release/run", ns=(before.st_atime_ns, before.st_mtime_ns))


def extra(folder):
    (folder / "release/lib/more.py").write_text("")


def missing(folder):
    (folder / "release/lib/a.py").unlink()


def open_to_all(folder):
    (folder / "release/lib/a.py").chmod(0o666)


def not_executable(folder):
    (folder / "release/run").chmod(0o644)


def not_readable(folder):
    (folder / "release/lib/a.py").chmod(0o600)


def somebody_elses(folder):
    os.chown(folder / "release/run", 1234, 1234)


def a_link(folder):
    (folder / "release/lib/a.py").unlink()
    (folder / "release/lib/a.py").symlink_to("/etc/passwd")


def a_linked_folder(folder):
    (folder / "release/more").symlink_to("/etc")


def a_folder_open_to_all(folder):
    (folder / "release/lib").chmod(0o777)


def a_folder_that_can_not_be_entered(folder):
    (folder / "release").chmod(0o700)


def a_fifo(folder):
    os.mkfifo(folder / "release/pipe")


@AS_ROOT
@pytest.mark.parametrize(
    ("change", "damaged"),
    [
        (edited, ["release/run"]),
        (edited_in_place_with_the_old_times, ["release/run"]),
        (extra, ["release/lib/more.py"]),
        (missing, ["release/lib/a.py"]),
        (open_to_all, ["release/lib/a.py"]),
        (not_executable, ["release/run"]),
        (not_readable, ["release/lib/a.py"]),
        (somebody_elses, ["release/run"]),
        (a_link, ["release/lib/a.py"]),
        (a_linked_folder, ["release/more"]),
        (a_folder_open_to_all, ["release/lib"]),
        (a_folder_that_can_not_be_entered, ["release"]),
        (a_fifo, ["release/pipe"]),
    ],
)
def test_damage_is_found(script, folder, change, damaged):
    change(folder)
    assert script.generation(str(folder))["damaged"] == damaged


@AS_ROOT
def test_a_generation_as_staged_is_not_damaged(script, folder):
    assert script.generation(str(folder))["damaged"] == []


@AS_ROOT
def test_a_file_that_can_not_have_changed_is_not_read(script, folder, monkeypatch):
    read = []
    monkeypatch.setattr(script, "digest_of", read.append)
    script.generation(str(folder))
    assert read == [str(folder / "MANIFEST.sha256")]


@AS_ROOT
def test_a_file_that_was_touched_but_is_the_same_is_not_damaged(script, folder):
    (folder / "release/run").touch()
    assert script.generation(str(folder))["damaged"] == []


@AS_ROOT
def test_new_rights_for_all_files_do_not_hide_an_edit_before_them(script, folder):
    edited(folder)
    tick()
    for path in sorted(folder.rglob("*"), key=lambda path: path.name != "run"):
        path.chmod(path.stat().st_mode)
    assert script.generation(str(folder))["damaged"] == ["release/run"]


@AS_ROOT
@pytest.mark.parametrize("text", [None, "", "nonsense\n"])
def test_without_its_checksums_everything_is_damaged(script, folder, text):
    (folder / "MANIFEST.sha256").unlink()
    if text is not None:
        (folder / "MANIFEST.sha256").write_text(text)
    assert script.generation(str(folder))["damaged"] == ["env", "release/lib/a.py", "release/run", "settings.json"]


def test_texts_and_rights_of_the_settings_are_found_and_those_of_the_release_are_not(script, folder):
    found = script.generation(str(folder))
    assert sorted(found["files"]) == sorted(found["access"]) == ["MANIFEST.sha256", "env", "settings.json"]
    assert found["files"]["env"] == 'A="1"\n'
    assert found["access"]["env"].endswith(" 0600")


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: path.write_text("text"), {"file": "text"}),
        (lambda path: path.write_bytes(b"\0\1"), {"file": "not text: sha256 b413f47d"}),
        (lambda path: path.write_bytes(b"\xff"), {"file": "not text: sha256 a8100ae6"}),
        (lambda path: path.write_text("x" * 65537), {"file": "not text: sha256 "}),
        (lambda path: path.symlink_to("nowhere"), {"link": "nowhere"}),
        (lambda path: path.mkdir(), {"directory": ""}),
        (lambda path: os.mkfifo(path), {"file": "neither file nor directory"}),
    ],
)
def test_a_path_is_described_as_what_it_is(script, tmp_path, make, found):
    make(tmp_path / "x")
    described = script.describe(str(tmp_path / "x"))
    ((kind, text),) = found.items()
    assert described[kind].startswith(text)
    assert kind == "link" or " 0" in described.get("access", described.get("directory"))


def test_a_path_where_nothing_is_has_no_description(script, tmp_path):
    (tmp_path / "file").write_text("")
    assert script.describe(str(tmp_path / "none")) is None
    assert script.describe(str(tmp_path / "file" / "below")) is None


def test_a_number_without_a_name_is_shown_as_a_number(script):
    def nobody(number):
        raise KeyError(number)

    assert script.name_of(nobody, 4242) == "4242"


def test_an_instance_says_what_is_current_pending_and_marked_for_a_restart(script, folder, tmp_path):
    home = tmp_path / "py-a"
    (home / "generations").mkdir(parents=True)
    folder.rename(home / "generations" / "1.0-a")
    (home / "generations" / ".1.1-b.new").mkdir()
    (home / "generations" / "link").symlink_to("1.0-a")
    (home / "current").symlink_to("generations/1.0-a")
    (home / "pending.json").write_text("{}")
    found = script.instance(str(home))
    assert (found["current"], found["pending"], found["repair"]) == ("generations/1.0-a", True, False)
    assert list(found["generations"]) == ["1.0-a"]


SHOWN = """\
Id=alert-threader@py-a.service
ActiveState=active
SubState=running

Id=alert-threader-edge.service
ActiveState=failed
SubState=failed

Id=asked.timer
ActiveState=inactive
"""


@pytest.fixture
def systemctl(tmp_path, monkeypatch):
    """A systemctl that notes its arguments and says SHOWN."""
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {tmp_path}/asked\ncat {tmp_path}/shown\n")
    (tmp_path / "systemctl").chmod(0o755)
    (tmp_path / "shown").write_text(SHOWN)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return lambda: (tmp_path / "asked").read_text().splitlines()


def test_units_are_asked_for_in_one_call_by_name_and_all_of_ours_by_a_pattern(script, systemctl):
    found = script.units(["alert-threader@py-a.service", "asked.timer"])
    assert systemctl().count("show") == 1
    assert systemctl()[-3:] == ["alert-threader@py-a.service", "asked.timer", "alert-threader*"]
    assert {name: state["ActiveState"] for name, state in found.items()} == {
        "alert-threader@py-a.service": "active",
        "alert-threader-edge.service": "failed",
        "asked.timer": "inactive",
    }


def test_where_there_is_no_systemctl_there_are_no_units(script, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert script.units([]) == {}


# --- what the helpers remember


@pytest.fixture
def remembering(script, tmp_path, monkeypatch):
    (tmp_path / "boot_id").write_text("first\n")
    places = {
        "LEASE": "lease.json",
        "ROLLOUTS": "rollouts.jsonl",
        "BOOT": "boot_id",
        "HEALTH": ".",
        "EDGE": "admin.sock",
    }
    for name, file in places.items():
        monkeypatch.setattr(script, name, str(tmp_path / file))
    monkeypatch.setattr(script.time, "clock_gettime", lambda which: 1000.0)
    return script


LEASE = {"token": "7:me", "by": "me", "seconds": 45.0, "renewed": 990.0, "boot": "first", "released": False}


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ({}, True),
        ({"renewed": 955.1}, True),
        ({"renewed": 955.0}, False),
        ({"renewed": 1001.0}, False),
        ({"released": True}, False),
        ({"boot": "zeroth"}, False),
    ],
)
def test_a_lease_is_live_by_the_hosts_own_clock(remembering, tmp_path, change, live):
    (tmp_path / "lease.json").write_text(json.dumps({**LEASE, **change}))
    assert remembering.lease() == {**LEASE, **change, "live": live}


def test_the_lease_that_is_live_is_the_one_that_the_helper_would_not_give_to_another(
    remembering, tmp_path, monkeypatch
):
    records = load("records")
    for name, value in {"DATA": tmp_path, "RUN": tmp_path, "BOOT": tmp_path / "boot_id"}.items():
        monkeypatch.setattr(records, name, value)
    records.lease("7:me", "45", "me", "deploy")
    assert remembering.lease()["live"]
    records.release("7:me")
    assert not remembering.lease()["live"]


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "{}", '{"renewed": "x", "boot": "first", "seconds": 1}', "[" * 99999]
)
def test_a_lease_that_is_absent_or_spoilt_is_none(remembering, tmp_path, text):
    if text is not None:
        (tmp_path / "lease.json").write_text(text)
    assert remembering.lease() is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, []),
        ("", []),
        ('{"n": 1}\n{"n": 2}\n{"n": 3}\n', [2, 3]),
        ('{"n": 1}\n{"n": 2}\n{"n": ', [1, 2]),
        ('{"n": 1}\n\n[]\nnull\nnonsense\n{"n": 2}\n', [1, 2]),
        ('{"n": 1}\n' + "x" * 80 + '\n{"n": 2}\n', [2]),
    ],
)
def test_of_a_list_the_last_whole_lines_are_read(script, tmp_path, text, found):
    if text is not None:
        (tmp_path / "list").write_text(text)
    assert [each["n"] for each in script.lines_of(str(tmp_path / "list"), 2, 64)] == found


def test_an_instance_has_its_ledger_and_what_its_health_check_found(remembering, tmp_path):
    home = tmp_path / "py-a"
    (home / "generations").mkdir(parents=True)
    (home / "ledger.jsonl").write_text("".join(f'{{"at": {number}}}\n' for number in range(40)))
    (tmp_path / "py-a.json").write_text('{"healthy": true}')
    found = remembering.instance(str(home))
    assert [each["at"] for each in found["ledger"]] == list(range(10, 40))
    assert found["health"] == {"healthy": True}


# --- the edge

STATES = """\
1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight
3 threaders 1 a.app-1.9001 10.0.0.1 2 0 100
3 threaders 2 b.app-1.9002 10.0.0.1 2 8 50
3 threaders 3 c.app-1.9003 10.0.0.1 0 1 100
3 threaders 4 d.app-2.9001 10.0.0.2 0 0 100
"""
STATISTICS = """\
# pxname,svname,qcur,qmax,scur,smax
threaders,a.app-1.9001,1,4,2,9
threaders,b.app-1.9002,0,4,3,9
threaders,c.app-1.9003,,,0,9
"""


@pytest.fixture
def haproxy(tmp_path):
    """Something that answers as HAProxy's admin socket does, each question on a connection of its own."""
    asked, answers = [], {"show servers state": STATES, "show stat -1 4 -1": STATISTICS}

    class Answering(socketserver.StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline().decode().strip())
            self.wfile.write(answers[asked[-1]].encode())

    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "admin.sock"), Answering) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield answers
        server.shutdown()


def test_the_edge_says_of_each_server_whether_it_gets_requests(remembering, haproxy):
    assert remembering.edge() == {
        "servers": {
            "a.app-1.9001": {"admin": "ready", "up": True, "sessions": 3, "weight": 100},
            "b.app-1.9002": {"admin": "drain", "up": True, "sessions": 3, "weight": 50},
            "c.app-1.9003": {"admin": "maint", "up": False, "sessions": 0, "weight": 100},
            "d.app-2.9001": {"admin": "ready", "up": False, "sessions": 0, "weight": 100},
        }
    }


@pytest.mark.parametrize("question", ["show servers state", "show stat -1 4 -1"])
@pytest.mark.parametrize("answer", ["Unknown command\nUnknown command\na b c d e f g h\n", "# x\n1\n2\n"])
def test_an_edge_that_says_nonsense_is_none_and_no_error(remembering, haproxy, question, answer):
    haproxy[question] = answer
    found = remembering.edge()
    assert found is None or found == {"servers": {}}


def test_where_there_is_no_edge_or_none_that_listens_there_is_none(remembering, tmp_path):
    assert remembering.edge() is None
    (tmp_path / "admin.sock").write_text("")
    assert remembering.edge() is None


def test_it_can_be_run_as_a_text_with_its_request_on_standard_input(tmp_path):
    """Also on a machine that systemd did not boot, where it has no units to ask for."""
    (tmp_path / "data").mkdir()
    source = (HELPERS / "snapshot.py").read_text().replace("/var/lib/alert-threader", str(tmp_path / "data"))
    request = json.dumps({"paths": [str(tmp_path), "/no/such/path"], "users": ["root", "nobody-of-that-name"]}) + "\n"
    done = subprocess.run([sys.executable, "-c", source], input=request, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    found = json.loads(done.stdout)
    assert "directory" in found["paths"][str(tmp_path)]
    assert "/no/such/path" not in found["paths"]
    assert found["users"]["root"]["uid"] == 0
    assert found["users"]["nobody-of-that-name"] is None
    assert (found["instances"], found["lease"], found["rollouts"], found["edge"]) == ({}, None, [], None)


def test_the_lease_and_the_list_of_rollouts_are_not_told_twice(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "lease.json").write_text("{}")
    (data / "rollouts.jsonl").write_text('{"id": "r1"}\n')
    (data / "request.json").write_text("{}")
    (data / "stories").mkdir()
    (data / "stories" / "r1.json").write_text('{"state": "held"}')
    source = (HELPERS / "snapshot.py").read_text().replace("/var/lib/alert-threader", str(data))
    done = subprocess.run([sys.executable, "-c", source], input="{}\n", capture_output=True, text=True, timeout=20)
    found = json.loads(done.stdout)
    assert (found["rollouts"], found["lease"]) == ([{"id": "r1"}], None)
    assert found["stories"] == {"r1": {"state": "held"}}
    assert not [path for path in found["paths"] if path.startswith(f"{data}/")]


def test_what_the_newest_three_rollouts_did_is_told_and_what_is_spoilt_is_not(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "STORIES", str(tmp_path))
    for number in (9, 10, 11, 12, "x", "²"):
        (tmp_path / f"r{number}.json").write_text('{"state": "done"}' if number != 11 else "{")
    assert script.stories() == {"r12": {"state": "done"}, "r10": {"state": "done"}}


def test_folders_elsewhere_that_our_units_write_in_are_looked_at(script, tmp_path, monkeypatch):
    (tmp_path / "alert-threader-x@.service").write_text("[Service]\nReadWritePaths=-/srv/metrics /srv/b\nUMask=0022\n")
    (tmp_path / "alert-threader-y.service").write_text("[Service]\nExecStart=/bin/true\n")
    (tmp_path / "alert-threader-z.service").symlink_to("nowhere")
    monkeypatch.setattr(script, "UNIT_FOLDER", str(tmp_path))
    assert sorted(script.writable()) == ["/srv/b", "/srv/metrics"]


@pytest.fixture
def programs(script, tmp_path, monkeypatch):
    """A folder that was unpacked from a tarball."""
    monkeypatch.setattr(script, "PROGRAMS", str(tmp_path))
    folder = tmp_path / "loki-ab"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "loki").write_text("#!/bin/sh\n")
    tick()
    (folder / ".sha256").write_text("ab12\n")
    tick()
    return folder


def test_a_program_is_known_by_the_digest_of_its_tarball(script, programs):
    assert script.programs() == {str(programs): "ab12"}


@pytest.mark.parametrize("name", ["bin/loki", "bin/more"])
def test_a_program_that_was_edited_by_hand_says_where(script, programs, name):
    (programs / name).write_text("#!/bin/bad\n")
    assert script.programs() == {str(programs): f"ab12, edited by hand: {name}"}


def test_a_folder_without_a_digest_is_no_program(script, programs):
    (programs / ".sha256").unlink()
    (programs.parent / "file").write_text("")
    assert script.programs() == {}


def test_units_of_others_that_are_kept_from_running_are_told(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "UNIT_FOLDER", str(tmp_path))
    (tmp_path / "a.service").symlink_to("/dev/null")
    (tmp_path / "b.service").symlink_to("/lib/systemd/system/b.service")
    (tmp_path / "c.service").write_text("")
    assert script.masked() == [str(tmp_path / "a.service")]


def test_everything_below_our_folders_is_told_at_any_depth_and_what_apt_is_told_of(tmp_path):
    (tmp_path / "alert-threader-x" / "rules" / "deep").mkdir(parents=True)
    (tmp_path / "alert-threader-x" / "rules" / "deep" / "a.yml").write_text("a: 1\n")
    (tmp_path / "alert-threader.d").mkdir()
    (tmp_path / "apt").mkdir()
    (tmp_path / "apt" / "alert-threader-loki.sources").write_text("Types: deb\n")
    source = (HELPERS / "snapshot.py").read_text().replace("/etc/apt/sources.list.d", str(tmp_path / "apt"))
    source = source.replace("/etc/alert-threader", str(tmp_path / "alert-threader"))
    done = subprocess.run([sys.executable, "-c", source], input="{}\n", capture_output=True, text=True, timeout=20)
    paths = json.loads(done.stdout)["paths"]
    assert {path.removeprefix(f"{tmp_path}/") for path in paths if path.startswith(str(tmp_path))} == {
        "alert-threader-x",
        "alert-threader-x/rules",
        "alert-threader-x/rules/deep",
        "alert-threader-x/rules/deep/a.yml",
        "alert-threader.d",
        "apt/alert-threader-loki.sources",
    }
