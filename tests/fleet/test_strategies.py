"""Canary and blue-green on real hosts, behind two edges, under load: nothing is lost on any way, there or back.

A small load in `make test`; THREADER_ALL=1 the rate that suits this machine, 20,000 requests in all
(`make test-strategies`), and what came of it is kept in bench/results.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bench.table import Figure, keep
from tests.fleet.deployment import Deployment, Done
from tests.fleet.edges import url
from tests.fleet.lab import OTHER
from tests.fleet.strategies import DEADLINE, EDGES, LAYOUT, at_rest, serving, shown, strategic, versions, wanted
from tests.fleet.threaders import artifacts
from tools.load.attack import Attack
from tools.load.capacity import capacity, proper
from tools.load.report import Report

pytestmark = pytest.mark.fleet
ALL = bool(os.environ.get("THREADER_ALL"))
RATE = 60
LEAST = 20_000 / 8 if ALL else 600


@dataclass(frozen=True)
class Went:
    """How an `up` under load went."""

    done: Done
    report: Report
    seconds: float


@pytest.fixture(scope="module")
def stack(spare) -> Deployment:
    return strategic(spare("strategies"))


@pytest.fixture(scope="module")
def note(tell):
    """Prints a line for people, and keeps it with THREADER_ALL."""
    lines: list[Figure] = []

    def say(text: str, seconds: float) -> None:
        tell(text)
        lines.append(Figure(text, seconds))

    yield say
    if ALL and lines:
        keep(lines)


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


def under_load(stack: Deployment, rate: int, act: Callable[[], Done], say, name: str) -> Went:
    """Do something while webhooks come; all of them have to be accepted."""
    begun = time.monotonic()
    with Attack(url(stack.lab, EDGES[0]), rate, name=name) as attack:
        done = act()
        seconds = time.monotonic() - begun
        time.sleep(max(1.0, 0.5 + LEAST / rate - seconds))
        report = attack.stop()
    say(
        f"{name}: {seconds:.1f} s, {report.sent} requests at {report.rate:g}/s, "
        f"failed {dict(report.failed) or 'none'}, p50 {report.p50:g} ms, p99 {report.p99:g} ms",
        seconds,
    )
    return Went(done, report, seconds)


def test_blue_green_holds_for_a_person_and_goes_on_when_promoted(stack: Deployment, rate: int, note):
    wanted(stack, "blue-green", hold="always")
    stack.release(*artifacts(stack.lab), version="held", deadline=DEADLINE)
    first = under_load(stack, rate, stack.apply, note, "blue-green, until it is held")
    outputs = stack.state()["rollout"]["outputs"]
    assert first.done.good().code == 0
    assert first.report.clean, first.report
    name = outputs["standing"].removeprefix("held ")
    assert outputs["rollout"].startswith(f"held ({name}: ")
    for edge in EDGES:
        assert serving(stack, edge) == {f"{each}--prev" for each in LAYOUT}
    assert stack.apply().good().unchanged
    wanted(stack, "blue-green", hold="always", decision=f"{name}:promote")
    second = under_load(stack, rate, stack.apply, note, "blue-green, promoted")
    second.done.good()
    assert second.report.clean, second.report
    assert versions(stack) == {"held"}
    at_rest(stack)
    assert stack.apply().good().unchanged


def test_a_held_canary_that_is_aborted_is_back_at_once(stack: Deployment, rate: int, note):
    before = shown(stack)
    wanted(stack, "canary", hold="always")
    stack.release(*artifacts(stack.lab, OTHER), version="aborted", deadline=DEADLINE)
    stack.apply().good()
    name = stack.state()["rollout"]["outputs"]["standing"].removeprefix("held ")
    went = under_load(
        stack,
        rate,
        lambda: stack.apply(environ={"THREADER_DECISION": f"{name}:abort"}),
        note,
        "canary, aborted",
    )
    went.done.good()
    assert went.report.clean, went.report
    assert shown(stack) == before
    at_rest(stack)
    assert "stays back" in stack.preview().good().text


@pytest.mark.parametrize("strategy", ["canary", "blue-green"])
def test_a_good_release_is_promoted_and_no_request_fails(stack: Deployment, rate: int, note, strategy: str):
    version = f"good-{strategy}"
    wanted(stack, strategy)
    stack.release(*artifacts(stack.lab, OTHER), version=version, deadline=DEADLINE)
    went = under_load(stack, rate, stack.up, note, f"{strategy}, a good release")
    went.done.good()
    assert stack.state()["rollout"]["outputs"]["rollout"].startswith("done (r")
    assert went.report.clean, went.report
    assert versions(stack) == {version}
    at_rest(stack)


@pytest.mark.parametrize("strategy", ["canary", "blue-green"])
def test_a_release_that_drops_calls_to_slack_is_refused_with_the_edges_idle(stack: Deployment, note, strategy: str):
    before = shown(stack)
    wanted(stack, strategy)
    stack.release(
        *artifacts(stack.lab, OTHER, go=stack.lab.dropping("go")), version=f"drops-{strategy}", deadline=DEADLINE
    )
    done = stack.apply().failed()
    note(f"{strategy}: one that drops one call in five is refused, {done.seconds:.1f} s in all", done.seconds)
    assert "delivery failed" in done.text
    assert "all 3 instances of the rollout are back" in done.text
    assert shown(stack) == before
    at_rest(stack)
