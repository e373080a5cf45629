"""A controller of a test: the Rollout of the provider, over real hosts, without an engine around it.

    python -m tests.fleet.controller FILE

FILE has, as JSON, `old` and `new`, the inputs of the Rollout as in a state, and `stop`, where it stops itself
(SIGSTOP), or null. That is the number of a boundary of its steps, or [NUMBER, STATE] of a boundary of its stages. It
prints each boundary that it comes to; the last line is how it ended. Its lease is a short one. Its worker ends with it.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import deploy.hosts.port
import deploy.rollout.lease
from deploy.errors import ForPeople
from deploy.hosts.client import Hosts
from deploy.hosts.measures import HostMeasures
from deploy.hosts.port import HelperPort
from deploy.provider.fleet import Fleet
from deploy.provider.resources import errands, judging, rollout, sight
from deploy.provider.resources.base import Context
from deploy.rollout import conduct
from deploy.rollout.execute import Held, execute
from deploy.rollout.plan import Batch, Plan, Step
from deploy.rollout.port import Answer
from deploy.rollout.run import Judged, Run

LEASE_SECONDS, RENEWED, AGAIN = 3.0, 1.0, 0.3
ON_ITS_WAY = 0.15
"""Seconds after which a switch that was begun has reached its host."""
PAIRS = 16
"""Pairs of synthetic alerts in one measurement: as many as a pass with a margin of 0.2 needs."""
STATES = ("drained", "begun", "healthy", "confirmed", "admitted")
"""The boundaries of each step, by what has just been done."""
BEGINS, BEGUN = "begins", "begun"
"""The boundaries of a stage: before anything of it is done, and, of a batch, while it is switched."""


def boundaries(plan: Plan) -> list[tuple[str, str]]:
    """The boundaries of a plan whose batches have one step each: what has just been done, with which instance."""
    return [(step.instance, state) for step in plan.steps for state in STATES]


def stages(plan: Plan) -> list[tuple[int, str]]:
    """The boundaries of the stages of a plan: the number of each (from 0), and how far it has come."""
    return [
        (number, state)
        for number, stage in enumerate(plan.stages)
        for state in ((BEGINS, BEGUN) if isinstance(stage, Batch) else (BEGINS,))
    ]


async def on_its_way(switching: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
    """A switch that has reached its host."""
    begun = asyncio.ensure_future(switching)
    await asyncio.wait([begun], timeout=ON_ITS_WAY)
    return begun


class Stopping(HelperPort):
    """Counts boundaries on the way forward, and stops at one of them."""

    stop: int | None = None
    passed = 0
    back = False

    async def drain(self, step: Step, *, back: bool = False, **more: Any) -> Answer:
        """As the real one."""
        answer = await super().drain(step, back=back, **more)
        self._at(step, "drained", back)
        return answer

    async def begin(self, step: Step) -> Answer:
        """With a boundary in the middle."""
        switching = await on_its_way(super().begin(step))
        self._at(step, "begun")
        answer = await switching
        if answer.state == "healthy":
            self._at(step, "healthy")
        return answer

    async def confirm(self, step: Step) -> Answer:
        """As the real one."""
        answer = await super().confirm(step)
        if answer.state == "confirmed":
            self._at(step, "confirmed")
        return answer

    async def revert(self, step: Step, *, reject: bool) -> Answer:
        """Has no boundaries."""
        Stopping.back = True
        return await super().revert(step, reject=reject)

    async def admit(self, step: Step, *, back: bool, **more: Any) -> Answer:
        """As the real one."""
        answer = await super().admit(step, back=back, **more)
        self._at(step, "admitted", back)
        return answer

    def _at(self, step: Step, state: str, back: bool = False) -> None:
        if back or Stopping.back:
            return
        print(f"at {Stopping.passed} {step.instance} {state}", flush=True)
        if Stopping.passed == Stopping.stop:
            os.killpg(0, signal.SIGSTOP)
        Stopping.passed += 1


class StagePort(HelperPort):
    """Tells of stages that begin, and of batches that are on their way, and stops at one of them."""

    stop: tuple[int, str] | None = None
    at = 0

    async def begin(self, step: Step) -> Answer:
        """With a boundary in the middle."""
        switching = await on_its_way(super().begin(step))
        self.come_to(BEGUN)
        return await switching

    @classmethod
    def come_to(cls, state: str) -> None:
        """A boundary; only once it stops there."""
        print(f"at {cls.at} {state}", flush=True)
        if cls.stop == (cls.at, state):
            cls.stop = None
            os.killpg(0, signal.SIGSTOP)


async def in_stages(run: Run, start: int = 0) -> Held | None:
    """The execution, which says where it is once hosts know it, too."""

    async def reached(at: int, judged: Judged | None) -> None:
        await run.reached(at, judged)
        if judged is None:
            StagePort.at = at
            StagePort.come_to(BEGINS)

    return await execute(replace(run, reached=reached), start)


class Quiet:
    """In the place of the engine."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def progress(self, urn: str, text: str) -> None:
        """Say it, and how many seconds have passed."""
        print(f"{time.monotonic() - self._began:5.1f} {text}", flush=True)

    note = warn = progress


def quick() -> None:
    """Short waits: the lease, and one measurement of deliveries."""
    deploy.rollout.lease.RENEWED, deploy.rollout.lease.AGAIN = RENEWED, AGAIN  # type: ignore[misc]
    deploy.hosts.port.SECONDS = LEASE_SECONDS  # type: ignore[misc]
    sight.AGAIN = AGAIN  # type: ignore[misc]
    judging.HostMeasures = partial(HostMeasures, pairs=PAIRS)  # type: ignore[misc,assignment]


def stop_at(where: int | list[Any] | None) -> None:
    """Have the provider's rollout stop at a boundary, of its steps or of its stages."""
    if isinstance(where, list):
        StagePort.stop = (int(where[0]), str(where[1]))
        errands.HelperPort, conduct.execute = StagePort, in_stages  # type: ignore[misc,assignment]
    else:
        Stopping.stop = where
        errands.HelperPort = Stopping  # type: ignore[misc]


def ending(outputs: Mapping[str, Any]) -> str:
    """How it ended, of the outputs of the Rollout."""
    return str(outputs["rollout"]) if str(outputs.get("standing")).startswith("held") else "done"


async def main(request: dict) -> int:
    """One rollout."""
    quick()
    stop_at(request["stop"])
    hosts = Hosts()
    resource = rollout.RolloutResource(Context(Fleet(hosts), Quiet()))  # type: ignore[arg-type]
    try:
        outputs = await resource.update("urn", request["old"], request["new"])
    except ForPeople as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        return 1
    finally:
        await hosts.close()
    print(ending(outputs), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()))))
