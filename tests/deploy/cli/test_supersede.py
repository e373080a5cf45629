"""A deploy that has the one before it go back first."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.cli import locks, look, supersede
from deploy.cli.errors import CliError
from deploy.cli.fleet import of_outputs as fleet_of
from deploy.cli.known import of_outputs
from deploy.cli.locks import Lock
from deploy.rollout.story import State
from tests.deploy.cli.stories import lie, story

LOCK = Lock(Path("x"), "alice", "laptop", 7, datetime(2026, 1, 2, tzinfo=UTC))
BACK = "rollout failed: bob asked; all 1 instances of the rollout are back on what they ran before; next: x"


def superseded(fleet, lock=lambda: None, pause=None):
    """What is told."""

    async def go():
        hosts = look.open_hosts()
        await supersede._superseded(hosts, of_outputs(fleet_of("dev", fleet.outputs)), lock, told.append, pause)

    async def at_once(seconds):
        pass

    told, pause = [], pause or at_once
    asyncio.run(go())
    return told


def asked(fleet):
    return [words for acting in fleet.hosts.values() for words in acting.did("request")]


def test_nobody_is_waited_for_when_nobody_deploys(fleet):
    assert superseded(fleet) == ["nobody else is deploying"]
    assert asked(fleet) == []


def test_a_rollout_is_asked_once_to_go_back_and_then_the_lock_is_waited_for(fleet):
    lie(fleet, story(State.RUNNING), live=True)
    held, waits = [LOCK, LOCK, LOCK], []

    async def pause(seconds):
        waits.append(seconds)
        held.pop()
        if len(waits) == 2:
            lie(fleet, story(State.FAILED), reason=BACK)

    told = superseded(fleet, lambda: held[-1] if held else None, pause)
    assert told[0].startswith("r7 is under way at step 6 of 10: 6. check py-a")
    assert told[1:] == [f"waiting for {LOCK}", "nothing else is under way"]
    assert len(asked(fleet)) == 2  # each host, once
    assert "whose deploy supersedes it" in asked(fleet)[0][1]


def test_a_deploy_that_comes_to_its_rollout_only_later_is_asked_then(fleet):
    held = [LOCK, LOCK, LOCK]

    async def pause(seconds):
        held.pop()
        if len(held) == 2:
            lie(fleet, story(State.RUNNING), live=True)
        if not held:
            lie(fleet, story(State.FAILED), reason=BACK)

    superseded(fleet, lambda: held[-1] if held else None, pause)
    assert len(asked(fleet)) == 2


def test_who_never_ends_is_not_waited_for_for_ever(fleet, monkeypatch):
    monkeypatch.setattr(supersede, "PATIENCE", 4.0)
    with pytest.raises(CliError, match="it has not ended within 4 s: waiting for alice@laptop, process 7"):
        superseded(fleet, lambda: LOCK)


def test_the_verb_deploys_once_nobody_else_does(threader, fleet, monkeypatch):
    monkeypatch.setattr(locks, "living", lambda stack: None)
    code, text = threader("deploy", "--supersede")
    assert (code, text.splitlines()[0]) == (0, "nobody else is deploying")
    assert len(fleet.ran) == 1


def test_a_stack_that_was_never_deployed_has_only_its_lock(threader, world):
    world.outputs = {}
    assert threader("canary", "--supersede")[0] == 0
