"""What has to be well while a rollout goes on."""

import pytest

from deploy.rollout.plan import Batch, Kind
from deploy.rollout.watch import LOOKS, Watch
from tests.deploy.rollout.fakes import FakePort, plan, step
from tests.simulation.process import run

MADE = plan("a", "b", "c")
SICK = {"a": "HTTP 500"}


def updated(surveys, done=MADE.batches[:2]):
    port = FakePort(surveys=surveys)
    return port, run(Watch(port, MADE, {}).updated(done))


@pytest.mark.parametrize("bad", range(LOOKS))
def test_what_is_well_at_one_of_the_looks_is_well(bad):
    port, failures = updated([*[SICK] * bad, {}])
    assert failures == ()
    assert len(port.called("survey")) == bad + 1


def test_what_is_unwell_at_every_look_has_failed_with_the_last_reason():
    _, failures = updated([SICK, SICK, {"a": "HTTP 503"}])
    assert [str(failure) for failure in failures] == ["a on host-a with 1.1-y: HTTP 503"]


def test_only_what_was_switched_is_looked_at_and_only_what_was_unwell_again():
    port, _ = updated([SICK, {}], (*MADE.batches[:2], Batch((step("Z", Kind.STOP), step("d", Kind.ADMIT)))))
    assert port.called("survey") == ["a b", "a"]


def test_down_is_what_the_next_batch_does_not_switch_and_what_was_well_before():
    port = FakePort(surveys=[{"a": "x", "b": "y", "c": "z"}])
    found = run(Watch(port, MADE, {"a": "x", "b": None}).down(MADE.batches[2]))
    assert port.called("survey") == ["a b"]
    assert found == {"b": "y"}
