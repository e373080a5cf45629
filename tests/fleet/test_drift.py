"""Hosts are changed by hand in every way at once: a preview shows each, one `up` repairs all, and nothing else."""

import re
from pathlib import Path

import pytest

from tests.fleet import listing
from tests.fleet.answers import health, version_soon
from tests.fleet.deployment import Deployment, Done
from tests.fleet.drifts import DRIFTS, TYPED_SECRET, VICTIM, Drift
from tests.fleet.lab import MAIN, Lab

pytestmark = pytest.mark.fleet


WRITTEN = ("ledger.jsonl", "lease.json", "rollouts.jsonl", "stories")
"""What a rollout writes for itself."""


@pytest.fixture(scope="module")
def before(lab: Lab, converged: Deployment) -> dict[str, dict]:
    return {host: listing.content(lab, host, *WRITTEN) for host in MAIN}


@pytest.fixture(scope="module")
def seen(lab: Lab, converged: Deployment, before) -> Done:
    for drift in DRIFTS:
        lab.sh(drift.host, drift.script)
    return converged.preview("--diff").good()


@pytest.fixture(scope="module")
def repaired(converged: Deployment, seen: Done) -> Done:
    return converged.up("--diff").good()


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)
def test_a_preview_shows_that(seen: Done, drift: Drift):
    for line in drift.shown:
        assert re.search(line, seen.text), seen.text


def test_up_repairs_all_of_it_and_touches_nothing_else(lab: Lab, before, repaired: Done):
    for host in MAIN:
        assert listing.changed(before[host], listing.content(lab, host, *WRITTEN)) == []


def test_every_instance_serves_again(converged: Deployment, repaired: Done):
    assert {version_soon(converged, host) for host in MAIN} == {converged.lab.good.version}
    assert {health(converged, host)["status"] for host in MAIN} == {"ok"}


def test_nothing_is_written_through_the_link(lab: Lab, repaired: Done):
    assert lab.sh("app-2", f"cat {VICTIM}; stat -c %a {VICTIM}; rm {VICTIM}") == "mine, not yours\n644\n"


def test_a_secret_typed_by_hand_is_in_no_output_and_no_state(converged: Deployment, seen: Done, repaired: Done):
    assert TYPED_SECRET not in seen.text
    assert TYPED_SECRET not in repaired.text
    files = [path for path in Path(converged.stack.home).rglob("*") if path.is_file()]
    assert [path for path in files if TYPED_SECRET.encode() in path.read_bytes()] == []


def test_then_there_is_nothing_left_to_do(converged: Deployment, repaired: Done):
    assert converged.preview("--diff").good().unchanged
