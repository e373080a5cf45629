"""Rolling, canary and blue-green on real hosts, behind two edges, under load: nothing is lost, there or back.

Every webhook is accepted exactly once, by one instance. A small load and four of the twelve ways in `make test`;
THREADER_ALL=1 all of them at the rate that suits this machine (`make test-strategies`), which keeps the figures in
bench/results.
"""

import os
import time
from collections.abc import Callable

import pytest

from tests.fleet.accepted import Accepted
from tests.fleet.deployment import Deployment
from tests.fleet.edges import UNIT, url
from tests.fleet.lab import OTHER
from tests.fleet.strategies import DEADLINE, EDGES, GATES, LAYOUT, at_rest, serving, shown, strategic, versions, wanted
from tests.fleet.threader import threader
from tests.fleet.threaders import artifacts
from tools.load.attack import Attack
from tools.load.capacity import capacity, proper
from tools.load.report import Report

pytestmark = pytest.mark.fleet
ALL = bool(os.environ.get("THREADER_ALL"))
RATE = 60
LEAST = 20_000 / 12 if ALL else 600
"""Requests in each of the ways."""
HOSTS = tuple({host for host, _ in LAYOUT.values()})
LATE = [GATES[0], {**GATES[1], "phases": ["traffic", "after"]}]
"""Gates that find what is bad only once it has traffic."""
SLOW = [
    {"name": "slow", "kind": "command", "query": "sleep 20", "timeout": 30, "phases": ["traffic", "after"]},
]
"""Gates that give somebody the time to think better of it."""
UNTOLD = 2
"""Acceptances that nobody logged, at the most: a threader that stops answers first, and may not get to say so."""
PATIENCE = 60


@pytest.fixture(scope="module")
def stack(spare) -> Deployment:
    return strategic(spare("strategies"), LOG_LEVEL="debug")


@pytest.fixture(scope="module")
def rate(stack: Deployment, tell) -> int:
    """Requests a second."""
    if not ALL:
        return RATE

    def attempt(rate: int) -> Report:
        with Attack(url(stack.lab, EDGES[0]), rate, 5, name="Capacity") as attack:
            return attack.wait()

    found = proper(capacity(attempt, tell))
    tell(f"measured at {found}/s")
    return found


def under_load(stack: Deployment, rate: int, act: Callable[[], object], say, name: str) -> None:
    """Do something while webhooks come: each has to be accepted, so one is at least once, and not one twice."""
    accepted, begun = Accepted(stack.lab, HOSTS), time.monotonic()
    with Attack(url(stack.lab, EDGES[0]), rate, name=name) as attack:
        act()
        seconds = time.monotonic() - begun
        time.sleep(max(1.0, 0.5 + LEAST / rate - seconds))
        report = attack.stop()
    taken = accepted.count()
    say(
        f"{name}: {report.sent} requests at {report.rate:g}/s, failed {dict(report.failed) or 'none'}, "
        f"accepted {taken}, p50 {report.p50:g} ms, p99 {report.p99:g} ms",
        seconds,
    )
    assert report.clean, report
    assert report.sent - UNTOLD <= taken <= report.sent, odd(stack)


def odd(stack: Deployment) -> str:
    """What HAProxy tells of requests that failed, or were tried again."""
    return stack.lab.sh(EDGES[0], f"journalctl -u {UNIT} -q -o short-precise --grep POST | tail -n 50")


def comes(stack: Deployment, strategy: str) -> None:
    """A release that is good."""
    wanted(stack, strategy)
    stack.release(*artifacts(stack.lab, OTHER), version=f"good-{strategy}", deadline=DEADLINE)
    stack.up().good()
    assert stack.state()["rollout"]["outputs"]["rollout"].startswith("done (r")
    assert versions(stack) == {f"good-{strategy}"}


def goes_back(stack: Deployment, strategy: str) -> None:
    """A release that turns out to be bad when it has traffic; without gates, when it is to start."""
    before = shown(stack)
    wanted(stack, strategy, gates=LATE)
    bad = stack.lab.bad("refuses", "go") if strategy == "rolling" else stack.lab.dropping("go")
    stack.release(*artifacts(stack.lab, OTHER, go=bad), version=f"bad-{strategy}", deadline=DEADLINE)
    text = stack.apply().failed().text
    assert "all 3 instances of the rollout are back" in text, text
    assert strategy == "rolling" or "delivery failed" in text, text
    assert shown(stack) == before


def is_aborted(stack: Deployment, strategy: str) -> None:
    """Somebody asks for it while it is under way."""
    before = shown(stack)
    wanted(stack, strategy, gates=GATES[:1] + SLOW, batch=1, wait=2)
    stack.release(*artifacts(stack.lab, OTHER), version=f"aborted-{strategy}", deadline=DEADLINE)
    with stack.start("up", "--yes", "--suppress-progress", "--skip-preview") as up:
        end = time.monotonic() + PATIENCE
        while f"aborted-{strategy}" not in versions(stack) and time.monotonic() < end:
            time.sleep(0.2)
        done = threader(stack, "abort", "--yes", "--reason", "a test")
    assert done.returncode == 0, done.stdout + up.output.read_text()  # type: ignore[attr-defined]
    assert up.returncode not in (0, None)
    assert shown(stack) == before


def is_reloaded(stack: Deployment, strategy: str) -> None:
    """A good release comes while both edges read their configuration again, and again."""
    wanted(stack, strategy)
    stack.release(*artifacts(stack.lab, OTHER), version=f"reloaded-{strategy}", deadline=DEADLINE)
    with stack.start("up", "--yes", "--suppress-progress", "--skip-preview") as up:
        while up.poll() is None:
            for edge in EDGES:
                stack.lab.sh(edge, f"systemctl reload {UNIT}")
            time.sleep(1)
    assert up.returncode == 0, up.output.read_text()  # type: ignore[attr-defined]
    assert versions(stack) == {f"reloaded-{strategy}"}


EVENTS = {"comes": comes, "goes back": goes_back, "is aborted": is_aborted, "comes while edges reload": is_reloaded}
SAMPLE = (("canary", "comes"), ("blue-green", "goes back"))
WAYS = [(strategy, event) for strategy in ("rolling", "canary", "blue-green") for event in EVENTS]


def test_blue_green_holds_for_a_person_and_goes_on_when_promoted(stack: Deployment, rate: int, note):
    wanted(stack, "blue-green", hold="always")
    stack.release(*artifacts(stack.lab), version="held", deadline=DEADLINE)
    under_load(stack, rate, lambda: stack.apply().good(), note, "blue-green, until it is held")
    outputs = stack.state()["rollout"]["outputs"]
    name = outputs["standing"].removeprefix("held ")
    assert outputs["rollout"].startswith(f"held ({name}: ")
    for edge in EDGES:
        assert serving(stack, edge) == {f"{each}--prev" for each in LAYOUT}
    assert stack.apply().good().unchanged
    wanted(stack, "blue-green", hold="always", decision=f"{name}:promote")
    under_load(stack, rate, lambda: stack.apply().good(), note, "blue-green, promoted")
    assert versions(stack) == {"held"}
    at_rest(stack)
    assert stack.apply().good().unchanged


def test_a_held_canary_that_is_aborted_is_back_at_once(stack: Deployment, rate: int, note):
    before = shown(stack)
    wanted(stack, "canary", hold="always")
    stack.release(*artifacts(stack.lab, OTHER), version="aborted", deadline=DEADLINE)
    stack.apply().good()
    decision = {"THREADER_DECISION": f"{stack.state()['rollout']['outputs']['standing'].removeprefix('held ')}:abort"}
    under_load(stack, rate, lambda: stack.apply(environ=decision).good(), note, "canary, held and aborted")
    assert shown(stack) == before
    at_rest(stack)
    assert "stays back" in stack.preview().good().text


@pytest.mark.parametrize(
    ("strategy", "event"), WAYS if ALL else SAMPLE, ids=lambda word: word.replace(" ", "-") if word else ""
)
def test_no_request_fails_and_each_is_accepted_once_while_a_release(
    stack: Deployment, rate: int, note, strategy: str, event: str
):
    under_load(stack, rate, lambda: EVENTS[event](stack, strategy), note, f"{strategy}: a release {event}")
    at_rest(stack)
