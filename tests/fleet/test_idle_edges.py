"""With the edges idle, synthetic alerts alone find a release that drops calls to Slack, and let a good one through.

One of each in `make test`; THREADER_ALL=1 tries twenty of each, by canary and blue-green in turn
(`make test-strategies`).
"""

import os

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.lab import OTHER, Lab
from tests.fleet.monitors import slack
from tests.fleet.strategies import DEADLINE, QUIET, both_serve, shown, strategic, versions, wanted
from tests.fleet.threaders import artifacts

pytestmark = pytest.mark.fleet
ALL = bool(os.environ.get("THREADER_ALL"))
RUNS = range(20) if ALL else range(1)
STRATEGIES = ("canary", "blue-green")
SOON = 60.0
"""Seconds in which a bad one is refused, in all."""


@pytest.fixture(scope="module")
def stack(spare) -> Deployment:
    return strategic(spare("idle"))


@pytest.fixture(autouse=True)
def unread(lab: Lab, stack: Deployment):
    """Nothing comes to a channel that people read."""
    before = newest(lab)
    yield
    assert newest(lab) == before


def newest(lab: Lab) -> dict[str, list[str]]:
    """When the newest thread of each channel began, but of the one for synthetic alerts."""
    found = {}
    for channel in slack(lab, "conversations.list", limit="999")["channels"]:
        if channel["name"] != QUIET:
            history = slack(lab, "conversations.history", channel=channel["id"], limit="1")
            found[channel["name"]] = [each["ts"] for each in history["messages"]]
    return found


@pytest.mark.parametrize("number", RUNS)
def test_a_release_that_drops_calls_to_slack_is_refused(stack: Deployment, note, number: int):
    strategy, before = STRATEGIES[number % 2], shown(stack)
    wanted(stack, strategy)
    bad = stack.lab.dropping("go")
    stack.release(*artifacts(stack.lab, OTHER, go=bad), version=f"drops-{number}", deadline=DEADLINE)
    done = stack.apply().failed()
    note(f"{strategy}: one that drops one call in five is refused", done.seconds, SOON)
    assert "delivery failed" in done.text
    assert "all 3 instances of the rollout are back" in done.text
    assert shown(stack) == before
    both_serve(stack)


@pytest.mark.parametrize("number", RUNS)
def test_a_good_one_is_promoted(stack: Deployment, note, number: int):
    strategy = STRATEGIES[(number + 1) % 2]
    wanted(stack, strategy)
    stack.release(*artifacts(stack.lab, OTHER), version=f"good-{number}", deadline=DEADLINE)
    note(f"{strategy}: a good one is promoted", stack.apply().good().seconds)
    assert versions(stack) == {f"good-{number}"}
    both_serve(stack)
