"""Under load at the edge no request fails: not while a release comes, goes back, or the edge is reloaded.

One rollout is loaded, with some 1,500 requests over kept connections and as many over one of their own each.
THREADER_ALL=1 tries all at the rate that suits this machine, with 20,000 requests in all (`make test-load`).
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.edges import UNIT, behind, post, states, url
from tests.fleet.lab import OTHER
from tests.fleet.records import until
from tests.fleet.threaders import IMPLS, artifacts
from tools.load.attack import Attack
from tools.load.capacity import capacity, proper
from tools.load.report import Report

pytestmark = pytest.mark.fleet
EDGE = "app-4"
LAYOUT = {"py-a": ("app-5", 9009), "node-a": ("app-6", 9010), "go-a": ("app-5", 9011)}
ALL = bool(os.environ.get("THREADER_ALL"))
RATE = 120
"""Requests a second where not all is tried: this machine does other things, too."""
LEAST = 20_000 / 3 if ALL else 3_000
"""Requests in each scenario."""
DEADLINE = 20


@dataclass(frozen=True)
class Scenario:
    """What is done under load, and done first."""

    name: str
    act: Callable[[Deployment], object]


def newer(stack: Deployment) -> None:
    """A release that is good."""
    stack.release(*artifacts(stack.lab, OTHER), deadline=DEADLINE)
    stack.apply().good()


def back(stack: Deployment) -> None:
    """A release that is bad for the last one."""
    stack.release(*artifacts(stack.lab, go=stack.lab.bad("refuses", "go")), version="2.0", deadline=DEADLINE)
    assert "all 3 instances of the rollout are back" in stack.apply().failed().text


def reload(stack: Deployment) -> None:
    """HAProxy is told to read its configuration again, again and again."""
    for _ in range(5):
        stack.lab.sh(EDGE, f"systemctl reload {UNIT}")
        time.sleep(1)


SCENARIOS = [Scenario("a release comes", newer)]
if ALL:
    SCENARIOS += [Scenario("a release goes back", back), Scenario("the edge is reloaded", reload)]


@pytest.fixture(scope="module")
def stack(spare) -> Deployment:
    made = behind(spare("load"), (EDGE,), LAYOUT, *IMPLS.values())
    made.change(rollout={"drain": 5, "order": list(LAYOUT)})
    made.release(*artifacts(made.lab), deadline=DEADLINE)
    made.apply().good()
    until(lambda: set(states(made.lab, EDGE).values()) == {"UP"}, 10)
    return made


@pytest.fixture(scope="module")
def rate(stack: Deployment, tell) -> int:
    """Requests a second."""
    if not ALL:
        return RATE

    def attempt(rate: int) -> Report:
        with Attack(url(stack.lab, EDGE), rate, 5, name="Capacity") as attack:
            return attack.wait()

    found = proper(capacity(attempt, tell))
    tell(f"measured at {found}/s")
    return found


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name)
def report(request, stack: Deployment, rate: int, tell) -> Report:
    """What came of the load."""
    begun = time.monotonic()
    with Attack(url(stack.lab, EDGE), rate, name="Under") as attack:
        request.param.act(stack)
        time.sleep(max(1.0, 0.5 + LEAST / rate - (time.monotonic() - begun)))
        found = attack.stop()
    tell(
        f"{request.param.name}: {found.sent} requests at {found.rate:g}/s, failed {dict(found.failed) or 'none'}, "
        f"p50 {found.p50:g} ms, p99 {found.p99:g} ms, slowest {found.slowest:g} ms"
    )
    return found


def test_not_one_request_fails(report: Report, rate: int):
    assert report.sent >= LEAST
    assert report.clean, report


def test_all_are_sent_in_time(report: Report, rate: int):
    assert report.rate >= 0.9 * rate


def test_every_server_serves_in_the_end(report: Report, stack: Deployment):
    until(lambda: set(states(stack.lab, EDGE).values()) == {"UP"}, 10)
    assert {post(stack.lab, EDGE) for _ in range(6)} == {200}
