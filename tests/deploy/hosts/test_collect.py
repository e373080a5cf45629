"""What is collected for a diagnosis: much of a host, and no secret of it."""

import io
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from tests.deploy.hosts.conftest import HELPERS, load

ENV = """\
SLACK_BOT_TOKEN="xoxb-very-secret"
REDIS_URL="redis://:pass%20word@10.0.0.1:6379/0"
ODD="with \\"quotes\\" and \\\\"
HAND_TYPED='by hand'
LOG_LEVEL="info"
SLACK_API_URL="http://user:hidden-here@10.0.0.1/api"
just a secret line
"""
TOLD = """\
token xoxb-very-secret
url redis://:pass%20word@10.0.0.1:6379/0, password pass word or pass%20word
odd with "quotes" and \\, written with \\"quotes\\" and \\\\
by hand, hidden-here, just a secret line
level info
"""
SECRETS = ("xoxb-very-secret", "pass word", "pass%20word", "quotes", "by hand", "hidden-here", "just a secret")


class Place:
    """The script's module on temporary folders."""

    def __init__(self, root: Path) -> None:
        self.module = load("collect")
        self.data, self.module.EDGE = root / "data", str(root / "admin.sock")
        self.module.DATA, self.module.HEALTH = str(self.data), str(root / "health")
        generation = self.data / "py-a" / "generations" / "g1"
        generation.mkdir(parents=True)
        (generation / "env").write_text(ENV)
        (generation / "settings.json").write_text("{}")
        (self.data / "py-a" / "current").symlink_to("generations/g1")
        (self.data / "py-a" / "ledger.jsonl").write_text(TOLD)
        self.module.sh = lambda script: f"$ {script}\n"

    def files(self) -> dict[str, str]:
        """The archive's files by name."""
        with tarfile.open(fileobj=io.BytesIO(self.module.archive("top", 7))) as tar:
            return {member.name: tar.extractfile(member).read().decode() for member in tar.getmembers()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_no_secret_of_an_env_file_is_told_wherever_it_turns_up(place: Place):
    everything = "".join(place.files().values())
    assert [secret for secret in SECRETS if secret in everything] == []
    assert "token [SLACK_BOT_TOKEN]\nurl [REDIS_URL], password [REDIS_URL]" in everything
    assert "level info" in everything


def test_a_secret_of_an_older_generation_is_masked_too(place: Place):
    older = place.data / "py-a" / "generations" / "g0"
    older.mkdir()
    (older / "env").write_text('SLACK_BOT_TOKEN="xoxb-of-yesterday"\n')
    (place.data / "rollouts.jsonl").write_text("once xoxb-of-yesterday")
    assert place.files()["top/rollouts.jsonl"] == "once [SLACK_BOT_TOKEN]"


def test_of_an_env_file_the_names_alone_are_told(place: Place):
    names = place.files()["top/py-a/variables.txt"].splitlines()
    assert names == sorted(names)
    assert {"SLACK_BOT_TOKEN", "REDIS_URL", "HAND_TYPED", "(a line that is no variable)"} < set(names)


def test_every_part_of_a_host_and_of_an_instance_is_there(place: Place):
    names = {name.removeprefix("top/") for name in place.files()}
    machine = {"system.txt", "disk.txt", "memory.txt", "listening.txt", "units.txt", "files.txt"}
    own = {"journal.txt", "variables.txt", "answers.txt", "health.json"}
    own |= {"ledger.jsonl", "pending.json", "settings.json", "unit.conf"}
    assert names == machine | {"lease.json", "rollouts.jsonl", "request.json"} | {f"py-a/{name}" for name in own}


def test_what_rollouts_did_is_there(place: Place):
    (place.data / "stories").mkdir()
    (place.data / "stories" / "r7.json").write_text('{"state": "held", "said": "xoxb-very-secret"}')
    assert place.files()["top/stories/r7.json"] == '{"state": "held", "said": "[SLACK_BOT_TOKEN]"}'


def test_the_journal_has_as_many_lines_as_asked_for_of_all_units_of_the_instance(place: Place):
    script = place.files()["top/py-a/journal.txt"]
    assert " -n 7 " in script
    for unit in ("alert-threader@py-a", "alert-threader-activate-py-a", "alert-threader-health@py-a"):
        assert f"-u {unit}.service" in script


def test_what_is_absent_says_so_in_its_place(place: Place):
    assert "No such file" in place.files()["top/lease.json"]


def test_of_a_long_file_the_end_is_told(place: Place):
    place.module.LIMIT = 10
    (place.data / "rollouts.jsonl").write_text("a" * 50 + "the end...")
    assert place.files()["top/rollouts.jsonl"] == "the end..."


def test_an_edge_tells_what_it_knows_of_its_servers(place: Place):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(place.module.EDGE)
        server.listen()
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        assert place.files()["top/edge/servers.txt"] == "you said: show servers state\n"


def answer(server: socket.socket) -> None:
    for _ in range(2):
        line, _ = server.accept()
        with line:
            line.sendall(b"you said: " + line.recv(1000))


@pytest.mark.parametrize("settings", ["", "[]", "{}", '{"health": 1}', '{"health": "http://127.0.0.1:1/health"}'])
def test_an_instance_that_does_not_answer_or_has_odd_settings_stops_nothing(place: Place, settings: str):
    (place.data / "py-a" / "current" / "settings.json").write_text(settings)
    assert "top/py-a/answers.txt" in place.files()


def test_only_root_may_read_what_was_unpacked(place: Place):
    with tarfile.open(fileobj=io.BytesIO(place.module.archive("top", 7))) as tar:
        assert {member.mode for member in tar.getmembers()} == {0o600}


def test_the_variables_known_to_be_plain_are_those_of_the_settings():
    from deploy.settings.variables import GIVEN, KNOWN, SECRET

    plain = load("collect").PLAIN
    assert {name for name in (*KNOWN, *GIVEN) if plain.fullmatch(name)} == {*KNOWN, *GIVEN} - {*SECRET}


def test_it_can_be_run_as_a_text(tmp_path: Path):
    source = (HELPERS / "collect.py").read_text().replace("/var/lib/alert-threader", str(tmp_path))
    words = [sys.executable, "-c", source, "top", "1"]
    done = subprocess.run(words, capture_output=True, check=True, timeout=60)
    assert done.stdout[:4] == b"H4sI"  # gzip's first bytes in base64
