"""A release that is not healthy fails `up`, the old one serves, and state, hosts and outputs tell the same."""

import pytest

from tests.fleet.answers import versions
from tests.fleet.deployment import Deployment

pytestmark = pytest.mark.fleet
REASONS = {
    "health500": r"HTTP 500 from http://127.0.0.1:9009/health, for 3 s",
    "hangs": r"no healthy answer from http://127.0.0.1:9009/health: [Errno 111] Connection refused, for 3 s",
    "exits": r"it exited, 3 restarts did not help",
}
DEADLINES = {"health500": 3, "hangs": 3, "exits": 15}


@pytest.fixture(scope="module", params=REASONS)
def failed(request, converged: Deployment):
    before = converged.generations()
    converged.release(converged.lab.bad(request.param), deadline=DEADLINES[request.param])
    return request.param, before, converged.apply().failed()


def test_up_fails_with_the_reason_and_says_that_all_are_back(failed):
    kind, _, done = failed
    assert "rollout failed: " in done.text
    assert REASONS[kind] in done.text
    assert "unhealthy, too" not in done.text
    assert "all 3 instances of the rollout are back on what they ran before" in done.text
    assert "next: threader logs py-" in done.text


def test_the_old_release_serves_and_hosts_state_and_outputs_agree(failed, converged: Deployment):
    _, before, _ = failed
    assert versions(converged) == [converged.lab.good.version] * 3
    assert converged.generations() == before
    assert converged.state()["rollout"]["inputs"]["instances"] == before
    assert converged.outputs()["instances"] == before


def test_after_the_good_config_there_is_nothing_to_activate(failed, converged: Deployment):
    _, before, _ = failed
    converged.reset()
    converged.apply().good()
    assert converged.generations() == before
    assert converged.preview().good().unchanged
