"""Canary and blue-green whose controller is killed at a stage: all is served, old or new, and one deploy mends it.

Two cut points are tried, other ones in each run; THREADER_ALL=1 tries all fifteen (`make test-strategies`).
"""

import json
import os
import random
import time
from dataclasses import dataclass

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.dice import SEED
from tests.fleet.edges import post
from tests.fleet.lab import OTHER
from tests.fleet.strategies import DEADLINE, EDGES, LAYOUT, at_rest, shown, strategic, versions, wanted
from tests.fleet.threader import threader
from tests.fleet.threaders import artifacts

pytestmark = pytest.mark.fleet
STAGES = {"canary": 9, "blue-green": 6}
POINTS = [(strategy, stage) for strategy, count in STAGES.items() for stage in range(count)]
CHOSEN = POINTS if os.environ.get("THREADER_ALL") else random.Random(SEED).sample(POINTS, 2)
PATIENCE = 90.0


@dataclass(frozen=True)
class Cut:
    """What was seen of a rollout that was cut off: what answered, what ran, and what the next deploy came to."""

    version: str
    before: dict[str, str]
    answers: list[int]
    ran: dict[str, str]
    deploy: str


@pytest.fixture(scope="module")
def stack(spare) -> Deployment:
    return strategic(spare("cut"))


@pytest.fixture(scope="module", params=CHOSEN, ids=[f"{strategy}-at-{stage + 1}" for strategy, stage in CHOSEN])
def cut(request, stack: Deployment) -> Cut:
    strategy, stage = request.param
    version, before = f"cut-{strategy}-{stage}", shown(stack)
    wanted(stack, strategy, revert="full")
    stack.release(*artifacts(stack.lab, OTHER), version=version, deadline=DEADLINE)
    earlier = told(stack)[0]
    with stack.start("up", "--yes", "--suppress-progress", "--skip-preview") as process:
        end = time.monotonic() + PATIENCE
        while not reached(stack, earlier, stage) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        process.kill()
    answers = [post(stack.lab, edge) for _ in range(5) for edge in EDGES]
    ran = shown(stack)
    deploy = threader(stack, "deploy", "--no-preview")
    assert deploy.returncode == 0, deploy.stdout
    return Cut(version, before, answers, ran, deploy.stdout)


def told(stack: Deployment) -> tuple[int, dict]:
    """The newest story on the host of an instance, and its number."""
    host = LAYOUT["go-a"][0]
    folder = "/var/lib/alert-threader/stories"
    name = stack.lab.sh(host, f"ls {folder} 2>/dev/null | sort -V | tail -n 1").strip()
    if not name:
        return 0, {}
    return int(name.strip("r").removesuffix(".json")), json.loads(stack.lab.sh(host, f"cat {folder}/{name}"))


def reached(stack: Deployment, earlier: int, stage: int) -> bool:
    """Whether a rollout after number `earlier` has begun that stage."""
    number, story = told(stack)
    return number > earlier and (story["at"] >= stage or story["state"] != "running")


def test_every_request_is_answered_by_old_or_new(cut: Cut):
    assert set(cut.answers) == {200}


def test_every_instance_runs_old_or_new(cut: Cut):
    for name, generation in cut.ran.items():
        assert generation == cut.before[name] or generation.startswith(f"{cut.version}-")


def test_one_deploy_brings_all_to_what_is_wanted(cut: Cut, stack: Deployment):
    assert versions(stack) == {cut.version}
    at_rest(stack)
    assert stack.apply().good().unchanged
