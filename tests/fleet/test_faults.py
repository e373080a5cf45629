"""Every fault of the table in deploy/faults.py, provoked on real hosts: `up` and `threader doctor` name it alike."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.faults import FAULTS
from tests.fleet.breakages import FIRST, SECOND, Breakage
from tests.fleet.deployment import Deployment
from tests.fleet.lab import MAIN, Lab
from tests.fleet.threader import threader

pytestmark = pytest.mark.fleet
CUT = "app-6"


@dataclass(frozen=True)
class Told:
    """What was told of several hosts at once: by `up`, and by the doctor, fault and text by host."""

    up: str
    doctor: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def files(lab: Lab, tmp_path_factory) -> Path:
    """Files of an operator that are not right: each host's key in known_hosts is another's."""
    folder = tmp_path_factory.mktemp("files")
    lines = [line.split(" ", 1) for line in lab.fleet.host("app-1").known_hosts.read_text().splitlines()]
    keys = [key for _, key in lines]
    changed = [f"{address} {key}\n" for (address, _), key in zip(lines, keys[1:] + keys[:1], strict=True)]
    (folder / "changed").write_text("".join(changed))
    (folder / "empty").touch()
    return folder


@pytest.fixture(scope="module")
def deployment(lab: Lab, spare) -> Deployment:
    """A stack whose only threader is on the host whose link gets cut; the other hosts never let anybody do anything."""
    lab.whole(*MAIN)
    return spare("faults")


@pytest.fixture(scope="module")
def first(deployment: Deployment, files: Path) -> Told:
    return told(deployment, files, FIRST)


@pytest.fixture(scope="module")
def second(first: Told, deployment: Deployment, files: Path) -> Told:
    return told(deployment, files, SECOND)


def told(deployment: Deployment, files: Path, breakages: tuple[Breakage, ...]) -> Told:
    """Break, look, mend."""
    lab = deployment.lab
    hosts = [{"name": each.host, **address(lab, each), **filled(each.settings, files)} for each in breakages]
    deployment.change(hosts=hosts, instances=[{"name": "py", "impl": "python", "port": 9009, "host": CUT}])
    try:
        for each in breakages:
            each.breaks(lab, each.host)
        text = up(deployment, cut=any(each.name == "connection cut" for each in breakages))
        findings = json.loads(threader(deployment, "doctor", "--json").stdout)["findings"]
        return Told(text, {each["where"]: (each["fault"], each["text"]) for each in findings if not each["ok"]})
    finally:
        for each in breakages:
            each.mends(lab, each.host)


def address(lab: Lab, each: Breakage) -> dict[str, str]:
    if "address" in each.settings:
        return {}
    host = lab.fleet.host(each.host)
    return {"address": host.address, "key": str(host.key), "known_hosts": str(host.known_hosts)}


def filled(settings: dict[str, str], files: Path) -> dict[str, str]:
    return {name: value.format(files=files) for name, value in settings.items()}


def up(deployment: Deployment, cut: bool) -> str:
    """The output of an `up`, which fails; as soon as the first command has run on `CUT`, its link may be cut."""
    if not cut:
        return deployment.up().failed().text
    with deployment.start("up", "--yes", "--suppress-progress") as process:
        log = deployment.lab.folder / "execs.log"
        before = log.read_text().count(f"host={CUT}")
        until = time.monotonic() + 60
        while log.read_text().count(f"host={CUT}") == before:
            assert time.monotonic() < until
            time.sleep(0.01)
        deployment.lab.fleet.cut(CUT)
        assert process.wait(90) != 0
    return process.output.read_text()  # type: ignore[attr-defined]


NOT_HERE = {"command failed", "package in the way"}
"""What stands for all others, and a package that conflicts with one of ours: a fast test has the words of apt."""


def test_the_table_has_no_fault_that_is_not_provoked_here():
    assert {each.name for each in (*FIRST, *SECOND)} == {fault.name for fault in FAULTS} - NOT_HERE


@pytest.mark.parametrize("number", range(len(FIRST)), ids=[each.name for each in FIRST])
def test_up_and_the_doctor_say_what_is_wrong_and_what_comes_next(number, first: Told, lab: Lab, files: Path):
    check(FIRST[number], first, lab, files)


@pytest.mark.parametrize("number", range(len(SECOND)), ids=[each.name for each in SECOND])
def test_up_and_the_doctor_say_so_of_the_rest(number, second: Told, lab: Lab, files: Path):
    check(SECOND[number], second, lab, files)


def check(each: Breakage, told: Told, lab: Lab, files: Path) -> None:
    where = each.settings.get("address") or lab.address(each.host)
    cause, after = (text.format(address=where, files=files) for text in (each.cause, each.next))
    assert f"host {each.host} ({where}): {each.name}: {cause}; next: {after}" in told.up
    fault, text = told.doctor[each.host]
    assert fault == (each.doctor or each.name)
    assert text.startswith(f"host {each.host} ({where}): ")
    assert text.endswith(f"; next: {after}") or each.doctor


def test_no_traceback_is_shown(first: Told, second: Told):
    assert "Traceback" not in first.up + second.up
