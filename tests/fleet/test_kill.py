"""SIGKILL of `pulumi up`: nothing lives on, every instance serves old or new, and the next deploy converges.

Two moments are tried; THREADER_KILLS=10 tries ten (`make test-kill`).
"""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet.answers import version_soon, versions
from tests.fleet.deployment import Deployment, Done
from tests.fleet.threader import threader

pytestmark = pytest.mark.fleet
KILLS = int(os.environ.get("THREADER_KILLS", "2"))
MOMENTS = [(number + 0.5) / KILLS for number in range(KILLS)]
GONE_WITHIN = 5.0
PROVIDER, LANGUAGE_HOST = "deploy.provider.server", "pulumi-language-python "


@dataclass(frozen=True)
class Killed:
    """What was seen after a kill: what lived on and what was served, the lock left behind, what the next commands said.

    `plain` is a plain `pulumi up`, where it met a lock.
    """

    wanted: str
    alive: list[str]
    served: list[str]
    plain: Done | None
    deploy: str
    served_then: list[str]


@pytest.fixture(scope="module")
def usual(converged: Deployment) -> float:
    """How long an `up` with another release takes that nobody kills, in seconds."""
    converged.release(converged.lab.other)
    return converged.up().good().seconds


@pytest.fixture(scope="module", params=range(KILLS), ids=[f"{moment:.0%}" for moment in MOMENTS])
def killed(request, usual: float, converged: Deployment) -> Killed:
    artifact = (converged.lab.good, converged.lab.other)[request.param % 2]
    converged.release(artifact)
    earlier = processes(converged).keys()
    with converged.start("up", "--yes", "--suppress-progress") as process:
        time.sleep(usual * MOMENTS[request.param])
        begun = any(PROVIDER in each for each in processes(converged).values())
        process.kill()
    alive = survivors(converged, begun, earlier)
    served = [version_soon(converged, host) for host in converged.hosts]
    locked = any(converged.stack.home.glob("pulumi/.pulumi/locks/**/*.json"))
    plain = converged.up() if locked else None
    deploy = threader(converged, "deploy", "--no-preview")
    assert deploy.returncode == 0, deploy.stdout
    return Killed(artifact.version, alive, served, plain, deploy.stdout, versions(converged))


def survivors(deployment: Deployment, begun: bool, earlier: Collection[int]) -> list[str]:
    """The stack's processes that are left after `GONE_WITHIN` s, apart from `earlier` ones.

    Unless the work had `begun`, Pulumi's language host may be among them: it has nothing to do yet, nobody who could
    end it, and sees within 5 minutes that its engine is gone.
    """
    until = time.monotonic() + GONE_WITHIN
    while True:
        now = {pid: words for pid, words in processes(deployment).items() if pid not in earlier}
        found = [words for words in now.values() if begun or LANGUAGE_HOST not in words]
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.1)


def processes(deployment: Deployment) -> dict[int, str]:
    """The command lines of all processes that work for a stack: its backend is in their environment."""
    mark = f"PULUMI_BACKEND_URL={deployment.stack.environ()['PULUMI_BACKEND_URL']}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def test_no_process_lives_on(killed: Killed):
    assert killed.alive == []


def test_every_instance_serves_the_old_or_the_new_release(killed: Killed, converged: Deployment):
    assert set(killed.served) <= {converged.lab.good.version, converged.lab.other.version}


def test_a_plain_up_that_meets_the_lock_says_what_to_type(killed: Killed):
    if killed.plain:
        assert "the stack is currently locked by 1 lock(s)" in killed.plain.failed().text
        assert "`pulumi cancel`" in killed.plain.text


def test_threader_deploy_says_that_it_clears_the_lock_of_the_dead_and_converges(killed: Killed):
    assert ("cleared the lock of " in killed.deploy) == bool(killed.plain)
    assert ("there is no such process" in killed.deploy) == bool(killed.plain)
    assert set(killed.served_then) == {killed.wanted}


def test_then_there_is_nothing_left_to_do(killed: Killed, converged: Deployment):
    assert converged.preview().good().unchanged
