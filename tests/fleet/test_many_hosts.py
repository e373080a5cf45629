"""Many hosts: still one exec for each host and engine phase. 8 of them; THREADER_MANY=20 has 20 (`make test-many`)."""

import copy
import os
import time

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tools.fleet import names
from tools.fleet.fleet import Fleet

pytestmark = pytest.mark.fleet
COUNT = int(os.environ.get("THREADER_MANY", "8"))
HOSTS = tuple(names.host(number) for number in range(1, COUNT + 1))


@pytest.fixture(scope="module")
def many(lab: Lab):
    """A fleet of its own, which goes with the lab's folder."""
    own = copy.copy(lab)
    own.fleet = Fleet(lab.folder / "fleet-many", f"test-{lab.token}-many", say=lambda line: None)
    begun = time.monotonic()
    own.fleet.up(COUNT)
    print(f"\n{COUNT} hosts: booted in {time.monotonic() - begun:.1f} s")
    yield own
    own.fleet.down()


@pytest.fixture(scope="module")
def deployment(many: Lab) -> Deployment:
    """A threader on each; the lab's Redis is not asked for anything, its address is in another subnet."""
    made = Deployment(many, "many", HOSTS).make()
    made.change(env={**made.config()["env"], "THREAD_STORE": "file"}, health={"deadline": 60})
    return made


def test_up_converges_all_of_them_and_a_second_up_changes_nothing_with_one_exec_a_host_and_phase(deployment):
    first = deployment.up().good()
    second = deployment.up().good()
    print(f"{COUNT} hosts: first up {first.seconds:.1f} s, second up {second.seconds:.1f} s")
    assert second.unchanged
    assert second.execs == 2 * (dict.fromkeys(HOSTS, 1),)
