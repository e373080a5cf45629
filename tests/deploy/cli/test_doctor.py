import json

import pytest

from deploy.cli.doctor.hosts import read
from deploy.cli.errors import CliError
from tests.deploy.cli.conftest import connection

WELL = [
    "root\tok\troot by login",
    "python3\tok\tPython 3.11.2",
    "systemd\tok\tsystemd 252",
    "/var\tok\t900 MiB are free on /var/lib",
]


@pytest.fixture
def configured(world, tmp_path):
    artifact = tmp_path / "release.tar.gz"
    artifact.write_bytes(b"x")
    sections = {
        "hosts": [{"name": f"app-{n}", "address": f"10.0.0.{n}"} for n in (1, 2)],
        "instances": [{"name": "py-a", "impl": "python", "port": 9009, "host": "app-1"}],
        "release": {"version": "1.0.0", "python": str(artifact)},
    }
    world.config = {f"alert-threader:{key}": {"objectValue": value, "secret": False} for key, value in sections.items()}
    world.outputs = {}
    world.hosts = {"app-1": WELL, "app-2": WELL}
    return world


@pytest.fixture
def shown(tmp_path):
    return lambda answer: (answer[0], answer[1].replace(str(tmp_path), "TMP"))


def test_before_the_first_deploy_all_can_be_tried(threader, golden, configured, shown):
    golden("doctor_well", *shown(threader("doctor")))


def test_each_fault_is_told_with_what_mends_it(threader, golden, configured, shown):
    configured.hosts["app-1"] = [
        "root\tok\troot by login",
        "python3\tbad\tsh: 1: python3: not found",
        "systemd\tbad\tno systemd",
        "/var\tbad\tmktemp: failed to create file: No space left on device",
        "/etc\tbad\tmktemp: failed to create file: Read-only file system",
        "/tmp\tbad\t3 MiB are free on /tmp",
    ]
    configured.hosts["app-2"] = "sudo password needed"
    configured.config["alert-threader:release"]["objectValue"]["python"] = "dist/no-such-file.tar.gz"
    golden("doctor_faults", *shown(threader("doctor")))


def test_programs_get_json_with_the_names_of_faults(threader, configured):
    configured.hosts["app-2"] = "host key changed"
    code, text = threader("doctor", "--json")
    report = json.loads(text)
    assert (code, report["ok"]) == (1, False)
    assert [each["fault"] for each in report["findings"] if not each["ok"]] == ["host key changed"]


def test_one_host_alone_can_be_examined(threader, configured):
    configured.hosts["app-2"] = "unreachable"
    assert threader("doctor", "app-1")[0] == 0
    assert [host for host, *_ in configured.asked] == ["app-1"]


def test_an_unknown_host_is_told(threader, configured):
    code, text = threader("doctor", "ap-1")
    assert code == 2
    assert "there is no host ap-1 to examine; did you mean app-1?" in text


def test_mistakes_in_the_settings_are_told_and_the_deployed_hosts_examined(threader, world):
    world.config = {"alert-threader:hostss": {"value": "x", "secret": False}}
    world.hosts = {f"app-{n}": WELL for n in (1, 2, 3)}
    code, text = threader("doctor")
    assert code == 1
    assert "did you mean hosts?" in text
    assert "app-3     systemd         ok" in text


def test_without_pulumi_the_rest_is_left_out(threader, world, monkeypatch):
    def missing(*_):
        raise CliError("pulumi is not on PATH", "make setup")

    monkeypatch.setattr("deploy.cli.pulumi.ask", missing)
    code, text = threader("doctor")
    assert code == 1
    assert text.startswith("here      pulumi          FAULT\n    pulumi is not on PATH\n    next: make setup\n")


def test_a_python_that_is_too_old_is_told():
    finding = read("python3\tbad\tPython 3.8.10", connection("app-1", 1))
    assert "Python 3.8.10 is older than 3.10" in finding.text
