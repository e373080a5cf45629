"""What a rollback does when somebody interrupts it."""

import asyncio
import os
import signal
from dataclasses import dataclass, field

import pytest

from deploy.cli.back import Wish, carry_out, way
from deploy.cli.errors import CliError
from deploy.cli.exits import Code
from deploy.cli.known import Known
from deploy.cli.seen import sight
from tests.deploy.cli.acting import Acting
from tests.deploy.cli.conftest import connection
from tests.deploy.rollout.records import PLACES, both, snapshots


@dataclass
class Interrupted:
    """Hosts on which somebody presses Ctrl-C while the second batch is being switched."""

    hosts: dict
    number: int
    undone: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, where, task, **arguments):
        words = arguments.get("words", ())
        if words[1:3] == ["begin", "py-b"]:
            os.kill(os.getpid(), self.number)
            await self.undone.wait()
        if words[1:3] == ["undo", "py-b"]:
            self.undone.set()
        return self.hosts[where["host"]].answer(task, **arguments)

    async def close(self):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rollback_undoes_at_once_and_takes_back_what_was_confirmed(number):
    found = snapshots("1.0.1", ["1.0.0"], [*both(1, "1.0.0"), *both(2, "1.0.1")])
    hosts, told = {host: Acting(found[host]) for host in PLACES.values()}, []

    async def go():
        interrupted = Interrupted(hosts, number)
        known = Known({f"app-{n}": connection(f"app-{n}", n) for n in (1, 2)})
        seen = await sight(interrupted, known)
        await carry_out(interrupted, seen, way(seen, Wish()), Wish(), told.append)

    with pytest.raises(CliError, match="cancelled; all 2 instances of the rollout are back") as ended:
        asyncio.run(go())
    assert ended.value.code is Code.INTERRUPTED
    assert "interrupted: going back" in told
    assert ("undo", "py-b") in [words[:2] for words in hosts["app-2"].said]
    currents = [each["current"] for host in hosts.values() for each in host.snapshot["instances"].values()]
    assert currents[0] == "generations/1.0.1-aaaaaaaaaa"
    assert hosts["app-1"].snapshot["rollouts"][-1]["verdict"] == "failed"
