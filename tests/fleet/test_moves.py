"""What is new, goes, moves, swaps or is renamed: the preview states the order, and everything else goes on serving.

One stack goes through all of them. G in a line of a plan stands for a generation.
"""

import re
from dataclasses import dataclass

import pytest

from tests.fleet import listing
from tests.fleet.deployment import Deployment, Done
from tests.fleet.lab import SPARE
from tests.fleet.threaders import Layout, instances, place, prepared
from tests.fleet.watching import Watching
from tools.local.config import host_settings
from tools.local.webhook import post, threads, webhook

pytestmark = pytest.mark.fleet
FIRST: Layout = {"go-a": ("app-4", 9009), "go-b": ("app-4", 9010), "go-c": ("app-5", 9009)}
PORTS = (9009, 9010, 9011, 9012)
GENERATION = r"1\.0\.0-[0-9a-f]+"
SILENCE = 1.5
"""Seconds: a Go threader is back sooner, also when this machine is busy."""


@dataclass(frozen=True)
class Move:
    """`layout` is what is wanted then, `plan` what the preview has to say.

    `mover` gets an alert before and its end afterwards. Of `one_of`, one serves at any time; `overlap` serves at its
    new place before the old one goes.
    """

    name: str
    layout: Layout
    plan: tuple[str, ...]
    mover: tuple[str, str]
    one_of: tuple[str, ...] = ()
    overlap: tuple[str, ...] = ()


def moves() -> list[Move]:
    """Each from where the one before has led to."""
    now, found = dict(FIRST), []

    def move(name: str, *plan: str, mover: tuple[str, str], **more) -> None:
        one_of, overlap = more.pop("one_of", ()), more.pop("overlap", ())
        now.update(more.pop("to"))
        for gone in more.pop("without", ()):
            del now[gone]
        found.append(Move(name, dict(now), plan, mover, one_of, overlap))

    move(
        "a new instance",
        "1. activate go-d on app-5: nothing -> G",
        to={"go-d": ("app-5", 9010)},
        mover=("go-a", "go-d"),
    )
    move(
        "a moved port",
        "1. activate go-a on app-4: G -> G, port 9009 -> 9011",
        to={"go-a": ("app-4", 9011)},
        mover=("go-a", "go-a"),
    )
    move(
        "a chain of ports: the first one leaves the port of the second",
        "1. activate go-a on app-4: G -> G, port 9011 -> 9012",
        "2. activate go-b on app-4: G -> G, port 9010 -> 9011",
        to={"go-b": ("app-4", 9011), "go-a": ("app-4", 9012)},
        mover=("go-b", "go-b"),
        one_of=("go-a", "go-b"),
    )
    move(
        "swapped ports",
        "1. together, since go-a and go-b trade ports: each stops before another starts there:",
        "activate go-a on app-4: G -> G, port 9012 -> 9011",
        "activate go-b on app-4: G -> G, port 9011 -> 9012",
        to={"go-a": ("app-4", 9011), "go-b": ("app-4", 9012)},
        mover=("go-a", "go-a"),
    )
    move(
        "a moved host",
        "1. activate go-c on app-6: nothing -> G",
        "2. stop go-c on app-5, which ran G",
        to={"go-c": ("app-6", 9009)},
        mover=("go-c", "go-c"),
        one_of=("go-c",),
        overlap=("go-c",),
    )
    move(
        "swapped hosts",
        "1. side by side:",
        "activate go-c on app-5: nothing -> G",
        "activate go-d on app-6: nothing -> G",
        "2. side by side:",
        "stop go-c on app-6, which ran G",
        "stop go-d on app-5, which ran G",
        to={"go-c": ("app-5", 9009), "go-d": ("app-6", 9010)},
        mover=("go-c", "go-d"),
        one_of=("go-c",),
        overlap=("go-c", "go-d"),
    )
    move(
        "a renamed instance",
        "1. together, since go-e takes port 9012 on app-4 over from go-b, which stops first:",
        "activate go-e on app-4: nothing -> G",
        "stop go-b on app-4, which ran G",
        to={"go-e": ("app-4", 9012)},
        without=("go-b",),
        mover=("go-b", "go-e"),
    )
    move(
        "an instance less",
        "1. stop go-d on app-6, which ran G",
        to={},
        without=("go-d",),
        mover=("go-d", "go-a"),
    )
    return found


MOVES = moves()


@dataclass(frozen=True)
class Moved:
    """What was done, and what was seen meanwhile."""

    move: Move
    before: Layout
    done: Done
    seen: Watching
    processes: tuple[dict[str, str], dict[str, str]]
    alert: str


@pytest.fixture(scope="module")
def story(spare) -> Deployment:
    made = prepared(spare("moves"), FIRST, "go")
    made.apply().good()
    return made


@pytest.fixture(scope="module", params=range(len(MOVES)), ids=[move.name for move in MOVES])
def moved(request, story: Deployment) -> Moved:
    lab, move = story.lab, MOVES[request.param]
    before = MOVES[request.param - 1].layout if request.param else FIRST
    alert = f"Move-{request.param}"
    post(f"http://{place(lab, *before[move.mover[0]])}", webhook(alert, "firing"))
    story.change(instances=instances(move.layout))
    was = processes(story)
    with Watching(place(lab, host, port) for host in SPARE for port in PORTS) as seen:
        done = story.up().good()
    post(f"http://{place(lab, *move.layout[move.mover[1]])}", webhook(alert, "resolved"))
    return Moved(move, before, done, seen, (was, processes(story)), alert)


def processes(deployment: Deployment) -> dict[str, str]:
    """The process of each instance, with its host."""
    lab = deployment.lab
    found = {host: listing.processes(lab, host) for host in SPARE}
    return {
        f"{unit.removeprefix('alert-threader@').removesuffix('.service')} {host}": process
        for host, units in found.items()
        for unit, process in units.items()
    }


def plan_in(text: str) -> list[str]:
    """The lines of the plan that a preview printed, with G for each generation."""
    after = text.partition("\n    rollout, rolling:\n")[2].splitlines()
    lines = [re.sub(GENERATION, "G", line.strip()) for line in after]
    end = next((number for number, line in enumerate(lines) if not re.match(r"\d+\. |activate |stop ", line)), None)
    return lines[:end]


def test_the_preview_states_the_order(moved: Moved):
    assert plan_in(moved.done.text) == list(moved.move.plan)


def test_what_is_wanted_runs_and_nothing_else_does(moved: Moved, story: Deployment):
    running = {unit for unit, what in moved.processes[1].items() if what.startswith("active")}
    assert running == {f"{name} {host}" for name, (host, _) in moved.move.layout.items()}


def test_all_others_are_left_alone(moved: Moved):
    named = set(re.findall(r"\b(go-\w)\b", " ".join(moved.move.plan)))
    was, now = moved.processes
    others = {unit for unit in now if unit.split()[0] not in named}
    assert others
    assert {unit: now[unit] for unit in others} == {unit: was[unit] for unit in others}


def test_somebody_serves_at_any_time(moved: Moved):
    staying = {name for name in moved.before if moved.before[name] == moved.move.layout.get(name)}
    assert moved.seen.silence(*staying) < SILENCE
    if moved.move.one_of:
        assert moved.seen.silence(*moved.move.one_of) < SILENCE


def test_what_moves_to_another_host_serves_there_before_it_goes(moved: Moved, story: Deployment):
    for name in moved.move.overlap:
        served = moved.seen.served(name)
        old, new = (served[place(story.lab, *layout[name])] for layout in (moved.before, moved.move.layout))
        assert new[0] < old[1]


def test_an_incident_goes_on_in_its_thread(moved: Moved, story: Deployment):
    assert [len(thread) for thread in threads(story.lab.slack, moved.alert)] == [2]


def test_then_there_is_nothing_left_to_do(story: Deployment):
    assert story.preview().good().unchanged


def test_a_renamed_host_keeps_what_runs_on_it_as_it_is(story: Deployment):
    first, second, third = host_settings(story.lab.fleet.host(name) for name in SPARE)
    was = processes(story)
    layout = {
        name: ("west-1" if host == second["name"] else host, port) for name, (host, port) in MOVES[-1].layout.items()
    }
    story.change(hosts=[first, {**second, "name": "west-1"}, third], instances=instances(layout))
    done = story.up().good()
    assert plan_in(done.text) == []
    assert processes(story) == was
    assert story.preview().good().unchanged


def test_a_renamed_component_keeps_everything_as_it_is(story: Deployment):
    """The program calls it `fleet`; the state is made to remember another name."""
    was = processes(story)
    urn = story.state()["fleet"]["urn"]
    story.run("state", "rename", urn, "was-called-so", "--yes").good()
    assert "was-called-so" in story.state()
    done = story.up().good()
    assert plan_in(done.text) == []
    assert processes(story) == was
    assert "was-called-so" not in story.state()
    assert story.preview().good().unchanged
