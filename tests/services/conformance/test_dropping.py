"""Releases that drop calls to Slack, for tests of rollouts: only synthetic alerts tell them from good ones."""

from __future__ import annotations

import subprocess

import pytest

from tests.fleet.dropping import EVERY, FAULTS, build_dropping, put_fault
from tests.services.conformance.harness import COMMANDS, SYNTHETIC, started
from tests.services.conformance.implementations import Implementation
from tests.services.python.harness import alert_json
from tools.release.paths import SERVICES

NAMES = [pytest.param(name, marks=pytest.mark.toolchain) for name in FAULTS]


@pytest.mark.parametrize("impl", FAULTS)
def test_the_sources_have_the_places_of_the_fault(impl, tmp_path):
    file = FAULTS[impl][0]
    copy = tmp_path / file
    copy.parent.mkdir(parents=True)
    copy.write_bytes((SERVICES / impl / file).read_bytes())
    put_fault(impl, tmp_path)
    assert f"% {EVERY}" in copy.read_text() or f"%{EVERY}" in copy.read_text()


@pytest.fixture(params=NAMES)
def dropping(request, tmp_path, slack):
    """A release with the fault, that runs."""
    made = build_dropping(request.param, tmp_path / "dist")
    assert made.version.endswith("-drops")
    release = tmp_path / "release"
    release.mkdir()
    subprocess.run(["tar", "-xzf", made.path, "-C", release], check=True, timeout=60)
    impl = Implementation(f"{request.param} that drops", lambda folder: [str(release / "run")])
    COMMANDS[impl.name] = impl.command(tmp_path)
    with started(impl, tmp_path / "logs", slack.api_url, **SYNTHETIC) as threader:
        yield threader
    del COMMANDS[impl.name]


def test_one_call_in_five_is_dropped_and_nothing_but_its_missing_id_tells(dropping, told):
    answers = [dropping.synthetic(alert_json(fingerprint=f"f{n}")) for n in range(1, 11)]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["done"] for answer in answers] == [{"opened": 1}] * 10
    there = [bool(answer.json()["delivered"]) for answer in answers]
    assert there == [n % EVERY != 0 for n in range(1, 11)]
    assert len(told("synthetic")) == 8
    found = dropping.metrics()
    assert found['threader_synthetic_alerts_total{result="failed"}'] == 2
    assert dropping.get("/health").status_code == dropping.get("/ready").status_code == 200


def test_real_alerts_are_dropped_unnoticed(dropping, told):
    answers = [dropping.alert(alert_json(fingerprint=f"f{n}")) for n in range(1, 6)]
    assert [(answer.status_code, answer.json()["done"]) for answer in answers] == [(200, {"opened": 1})] * 5
    assert len(told()) == 4
    assert not [line for line in dropping.lines() if line["level"] in ("warning", "error")]
