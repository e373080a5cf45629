"""A controller of a test: the Rollout of the provider, over real hosts, without an engine around it.

    python -m tests.fleet.controller FILE

FILE has, as JSON, `old` and `new`, the inputs of the Rollout as in a state, and `stop`, the number of the boundary at
which it stops itself and its worker (SIGSTOP), or null. It prints each boundary that it comes to; the last line is how
it ended. Its lease is a short one.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import deploy.hosts.port
import deploy.rollout.lease
from deploy.errors import ForPeople
from deploy.hosts.client import Hosts
from deploy.hosts.port import HelperPort
from deploy.provider.fleet import Fleet
from deploy.provider.resources import errands, rollout
from deploy.provider.resources.base import Context
from deploy.rollout.plan import Plan, Step
from deploy.rollout.port import Answer

LEASE_SECONDS, RENEWED = 3.0, 1.0
ON_ITS_WAY = 0.15
"""Seconds after which a switch that was begun has reached its host."""
STATES = ("drained", "begun", "healthy", "confirmed", "admitted")
"""The boundaries of each step, by what has just been done."""


def boundaries(plan: Plan) -> list[tuple[str, str]]:
    """The boundaries of a plan whose batches have one step each: what has just been done, with which instance."""
    return [(step.instance, state) for step in plan.steps for state in STATES]


class Stopping(HelperPort):
    """Counts boundaries on the way forward, and stops everything at one of them."""

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
        switching = asyncio.ensure_future(super().begin(step))
        await asyncio.wait([switching], timeout=ON_ITS_WAY)
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


class Quiet:
    """In the place of the engine."""

    def progress(self, urn: str, text: str) -> None:
        """Say it."""
        print(text, flush=True)

    note = warn = progress


async def main(request: dict) -> int:
    """One rollout."""
    deploy.rollout.lease.RENEWED, deploy.rollout.lease.AGAIN = RENEWED, 0.3  # type: ignore[misc]
    deploy.hosts.port.SECONDS = LEASE_SECONDS  # type: ignore[misc]
    errands.HelperPort = Stopping  # type: ignore[misc]
    Stopping.stop = request["stop"]
    hosts = Hosts()
    resource = rollout.RolloutResource(Context(Fleet(hosts), Quiet()))  # type: ignore[arg-type]
    try:
        await resource.update("urn", request["old"], request["new"])
    except ForPeople as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        return 1
    finally:
        await hosts.close()
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()))))
